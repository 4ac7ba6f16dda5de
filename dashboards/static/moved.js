// Where the cases are that a draft of the rules would send elsewhere: a disc on each unit grid, as large as they are many.

import { draw, FONT, ground, token } from "./ground.js";
import { CircleStyle, Feature, Fill, fromLonLat, Point, Stroke, Style, Text, VectorLayer, VectorSource } from "./vendor/ol.js";

const disc = (feature, resolution) => {
  const n = feature.get("cases");
  return new Style({
    image: new CircleStyle({
      radius: Math.min(4 + 2 * Math.sqrt(n), 24), fill: new Fill({ color: `${token("--accent")}59` }),
      stroke: new Stroke({ color: token("--accent"), width: 1.2 }),
    }),
    text: resolution < 6 || n > 9 ? new Text({ text: String(n), font: `600 11px ${FONT}`, fill: new Fill({ color: token("--ink") }) }) : undefined,
    zIndex: -n, // a small disc is not hidden by a large one
  });
};

export function movedMap(element) {
  const features = JSON.parse(element.dataset.spots).map(([lon, lat, cases]) => new Feature({ geometry: new Point(fromLonLat([lon, lat])), cases }));
  const source = new VectorSource({ features });
  const map = draw(element, [...Object.values(ground(element)), new VectorLayer({ source, style: disc, zIndex: 40 })]);
  map.getView().fit(source.getExtent(), { padding: [24, 24, 24, 24], maxZoom: 16 });
  element.dataset.drawn = String(features.length);
}
