// What is wrong with the rules, drawn where it is; a finding of the list is shown alone and large.

import { draw, ground, token } from "./ground.js";
import { Fill, GeoJSON, Stroke, Style, VectorLayer, VectorSource } from "./vendor/ol.js";

const paint = (chosen) => (feature) => {
  if (chosen() !== null && feature.get("finding") !== chosen()) return null;
  const colour = token(feature.get("severe") ? "--ur-late" : "--ur-soon");
  return new Style({ stroke: new Stroke({ color: colour, width: 2 }), fill: new Fill({ color: `${colour}33` }), zIndex: 30 });
};

export async function findingsMap(element) {
  const card = element.closest("[data-findings]");
  const buttons = [...card.querySelectorAll("[data-finding]")];
  let chosen = null;
  const source = new VectorSource();
  const layer = new VectorLayer({ source, style: paint(() => chosen), zIndex: 30 });
  const map = draw(element, [...Object.values(ground(element)), layer]);
  const fit = (features) => {
    const extent = features.map((f) => f.getGeometry().getExtent()).reduce((a, b) => [
      Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3]),
    ]);
    map.getView().fit(extent, { padding: [16, 16, 16, 16], maxZoom: 17 });
  };
  const choose = (n) => {
    chosen = chosen === n ? null : n;
    for (const button of buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.finding) === chosen));
    const shown = source.getFeatures().filter((f) => chosen === null || f.get("finding") === chosen);
    layer.changed();
    if (shown.length) fit(shown);
  };

  const answer = await fetch(element.dataset.source, { headers: { accept: "application/geo+json" } });
  if (!answer.ok) return; // the list says it all in words; the map is more to look at
  source.addFeatures(new GeoJSON().readFeatures(await answer.json(), { featureProjection: "EPSG:3857" }));
  const placed = new Set(source.getFeatures().map((f) => f.get("finding")));
  for (const button of buttons) {
    button.hidden = !placed.has(Number(button.dataset.finding));
    button.addEventListener("click", () => choose(Number(button.dataset.finding)));
  }
  if (placed.size) fit(source.getFeatures());
  element.dataset.drawn = String(placed.size);
}
