// Where the cases are that a draft of the rules would send elsewhere: counted together, however close the map is looked at.

import { cluster, draw, ground } from "./ground.js";
import { Feature, fromLonLat, Point, VectorLayer, VectorSource } from "./vendor/ol.js";

const APART = 56; // px from one number to the next

/** One feature for each square of the screen that has any, at the middle of its cases. */
function together(spots, resolution) {
  const side = APART * resolution;
  const squares = new Map();
  for (const [x, y, cases] of spots) {
    const key = `${Math.floor(x / side)} ${Math.floor(y / side)}`;
    const square = squares.get(key) ?? [0, 0, 0];
    squares.set(key, [square[0] + x * cases, square[1] + y * cases, square[2] + cases]);
  }
  return [...squares.values()].map(([x, y, cases]) => new Feature({ geometry: new Point([x / cases, y / cases]), cases }));
}

export function movedMap(element) {
  const spots = JSON.parse(element.dataset.spots).map(([lon, lat, cases]) => [...fromLonLat([lon, lat]), cases]);
  const source = new VectorSource({ features: together(spots, 0.1) });
  const layer = new VectorLayer({ source, style: (feature) => cluster(feature.get("cases"), 0), zIndex: 40 });
  const view = draw(element, [...Object.values(ground(element)), layer]).getView();
  view.fit(source.getExtent(), { padding: [24, 24, 24, 24], maxZoom: 16 });
  const show = () => {
    source.clear();
    source.addFeatures(together(spots, view.getResolution()));
    element.dataset.drawn = spots.reduce((sum, [, , cases]) => sum + cases, 0);
  };
  view.on("change:resolution", show);
  show();
}
