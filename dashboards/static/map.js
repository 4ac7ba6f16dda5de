// The maps of the pages: a pin for a case, a cross to place a report, the whole city.

import { accuracy, componentStyle, draw, ground, pin, sprite, tiles, token } from "./ground.js";
import { hideWho, offerWho } from "./who.js";
import { CircleStyle, Feature, fromLonLat, Point, Stroke, Style, toLonLat, VectorLayer, VectorSource } from "./vendor/ol.js";

const REACH = 16; // px around a pin that count as the pin

function caseMap(element) {
  const lon = Number(element.dataset.lon), lat = Number(element.dataset.lat);
  const spot = new Feature(new Point(fromLonLat([lon, lat])));
  sprite.then((symbols) => spot.setStyle(pin(JSON.parse(element.dataset.shape), symbols)));
  const features = [spot];
  if (Number(element.dataset.accuracy) > 0) features.unshift(accuracy(lon, lat, Number(element.dataset.accuracy)));
  draw(element, [...Object.values(ground(element)), new VectorLayer({ source: new VectorSource({ features }) })]);
}

// ── placing a report: drag the map under the cross, or let the device say ───────────────────────────────────────────

function pickMap(element) {
  const field = element.closest("[data-place]");
  const form = field.closest("form");
  const said = field.querySelector("[data-said]");
  const button = field.querySelector("[data-locate]");
  const set = (name, value) => { if (form.elements[name]) form.elements[name].value = value; };
  const rings = new VectorSource();
  const map = draw(element, [...Object.values(ground(element)), new VectorLayer({ source: rings })]);
  let moving = false;

  const place = (lon, lat, metres) => {
    set("lon", lon.toFixed(7));
    set("lat", lat.toFixed(7));
    set("accuracy", metres ? metres.toFixed(1) : "");
    set("hand_placed", metres ? "" : "yes");
    form.dispatchEvent(new Event("placed"));
  };
  map.on("moveend", () => {
    if (!moving) return;
    moving = false;
    rings.clear();
    place(...toLonLat(map.getView().getCenter()));
    said.textContent = field.dataset.hand;
  });
  for (const kind of ["pointerdrag"]) map.on(kind, () => { moving = true; });
  element.addEventListener("keydown", () => { moving = true; });
  element.tabIndex = 0;
  for (const name of ["lon", "lat"]) {
    form.elements[name]?.addEventListener("change", () => {
      const lon = Number(form.elements.lon.value), lat = Number(form.elements.lat.value);
      if (form.elements.lon.value && form.elements.lat.value && Number.isFinite(lon + lat)) map.getView().setCenter(fromLonLat([lon, lat]));
      set("accuracy", "");
      set("hand_placed", "yes");
    });
  }

  if (!window.isSecureContext || !navigator.geolocation) {
    said.textContent = field.dataset.https;
    return;
  }
  button.hidden = false;
  const locate = () => {
    said.textContent = field.dataset.wait;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        place(coords.longitude, coords.latitude, coords.accuracy);
        rings.clear();
        rings.addFeature(accuracy(coords.longitude, coords.latitude, coords.accuracy));
        map.getView().animate({ center: fromLonLat([coords.longitude, coords.latitude]), zoom: 18, duration: 0 });
        said.textContent = field.dataset.got.replace("%", Math.round(coords.accuracy));
      },
      (error) => { said.textContent = field.dataset.denied.replace("%", error.message || error.code); },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 5000 },
    );
  };
  button.addEventListener("click", locate);
}

// ── the whole city ──────────────────────────────────────────────────────────────────────────────────────────────────

const LATE = () => new Style({ image: new CircleStyle({ radius: 14, stroke: new Stroke({ color: token("--ur-late"), width: 2 }) }) });

const caseStyle = (shapes, symbols) => (feature) => {
  const styles = pin(shapes[feature.get("state")], symbols);
  return feature.get("late") ? [LATE(), ...styles] : styles;
};

/** The view in the address: zoom/lat/lon, so that a link shows the same. */
function fromAddress(view) {
  const [zoom, lat, lon] = location.hash.slice(1).split("/").map(Number);
  if (zoom && [zoom, lat, lon].every(Number.isFinite)) {
    view.setZoom(zoom);
    view.setCenter(fromLonLat([lon, lat]));
  }
}

async function tellCase(info, number, unavailable) {
  try {
    const answer = await fetch(`/map/cases/${encodeURIComponent(number)}`, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    const found = await answer.json();
    const link = document.createElement("a");
    link.href = `/cases/${encodeURIComponent(found.number)}`;
    link.append(found.category);
    const head = document.createElement("b");
    head.append(link);
    info.replaceChildren(head, paragraph([found.state, found.late, found.place].filter(Boolean).join(" · ")), paragraph(found.unit), paragraph(found.number, "mono xs"));
  } catch {
    info.replaceChildren(paragraph(unavailable));
  }
}

/** The number of the case whose pin lies nearest to a place of the map, within `reach` map units; undefined for none. */
function nearestCase(layer, [x, y], reach) {
  const near = layer.getFeaturesInExtent([x - reach, y - reach, x + reach, y + reach]).map((feature) => {
    const [fx, fy] = feature.getFlatCoordinates();
    return { number: feature.get("number"), away: Math.hypot(fx - x, fy - y) };
  });
  return near.filter((found) => found.away <= reach).sort((a, b) => a.away - b.away)[0]?.number;
}

/** The areas a place lies in, from the top down. */
async function tellGround(info, [lon, lat], unavailable) {
  try {
    const answer = await fetch(`/map/here?lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}`, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    const { areas, empty } = await answer.json();
    info.replaceChildren(...(areas.length ? areas.map((a) => paragraph(`${a.name} ${a.code}`)) : [paragraph(empty)]));
  } catch {
    info.replaceChildren(paragraph(unavailable));
  }
}

function cityMap(element) {
  const shown = { grid: true, district: true };
  const layers = ground(element, shown);
  layers.component = tiles("component", componentStyle, { minZoom: 16, visible: false });
  layers.cases = tiles("case", null, { zIndex: 50 });
  const map = draw(element, Object.values(layers));
  const view = map.getView();
  const info = document.querySelector("[data-info]");
  sprite.then((symbols) => {
    layers.cases.setStyle(caseStyle(JSON.parse(element.dataset.shapes), symbols));
    map.once("rendercomplete", () => { element.dataset.drawn = "yes"; });
  });
  fromAddress(view);
  window.addEventListener("hashchange", () => fromAddress(view));
  map.on("moveend", () => {
    const [lon, lat] = toLonLat(view.getCenter());
    history.replaceState(null, "", `#${view.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
  });
  map.on("singleclick", (event) => {
    const number = layers.cases.getVisible() && nearestCase(layers.cases, event.coordinate, view.getResolution() * REACH);
    if (number) {
      hideWho();
      tellCase(info, number, element.dataset.unavailable);
    } else {
      tellGround(info, toLonLat(event.coordinate), element.dataset.unavailable);
      offerWho(toLonLat(event.coordinate));
    }
  });
  layerSwitches(layers, shown);
  mapButtons(view);
}

function layerSwitches(layers, shown) {
  for (const box of document.querySelectorAll("[data-layer]")) {
    const name = box.dataset.layer;
    const set = () => {
      if (name in shown) {
        shown[name] = box.checked;
        layers.area.changed();
      } else {
        layers[name].setVisible(box.checked);
      }
    };
    box.addEventListener("change", set);
    set();
  }
}

function mapButtons(view) {
  for (const button of document.querySelectorAll("[data-zoom-by]")) {
    button.addEventListener("click", () => view.animate({ zoom: view.getZoom() + Number(button.dataset.zoomBy), duration: 120 }));
  }
  const here = document.querySelector("[data-locate-map]");
  here.hidden = !window.isSecureContext || !navigator.geolocation;
  here.addEventListener("click", () => navigator.geolocation.getCurrentPosition(
    ({ coords }) => view.animate({ center: fromLonLat([coords.longitude, coords.latitude]), zoom: 17, duration: 220 }), () => {},
  ));
}

function paragraph(text, kind = "sec") {
  const p = document.createElement("p");
  p.className = kind;
  p.append(text);
  return p;
}

const KINDS = { case: caseMap, pick: pickMap, city: cityMap };
// A map in a closed <details> has no size yet: it is drawn when it first opens.
for (const element of document.querySelectorAll("[data-map]")) {
  const shut = element.closest("details:not([open])");
  const start = () => KINDS[element.dataset.map](element);
  if (shut) shut.addEventListener("toggle", start, { once: true });
  else start();
}
