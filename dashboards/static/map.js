// Maps: one drawing of the ground for all pages; a cross to place a report, a pin for a case, the whole city.

import {
  CircleStyle, circular, defaultControls, defaultInteractions, Feature, Fill, fromLonLat, Icon, Map as OlMap, MVT, Point, ScaleLine,
  Stroke, Style, Text, toLonLat, VectorLayer, VectorSource, VectorTileLayer, VectorTileSource, View,
} from "./vendor/ol.js";

const css = getComputedStyle(document.documentElement);
const token = (name) => css.getPropertyValue(name).trim();
const REACH = 16; // px around a pin that count as the pin
const FONT = "system-ui, sans-serif";

// Width in px at zoom 16, colour and casing by rank of the road: class is seen because duty follows it.
const ROADS = [
  { width: 9, fill: "--map-trunk", casing: "--map-trunk-case" },
  { width: 9, fill: "--map-pri", casing: "--map-pri-case" },
  { width: 6, fill: "--map-sec", casing: "--map-sec-case" },
  { width: 4, fill: "--map-street2", casing: "--map-street2-case" },
  { width: 2.5, fill: "--map-street", casing: "--map-street2-case" },
];

const roadStyle = (ranks) => (feature, resolution) => {
  const rank = Math.min(ranks[feature.get("class")] ?? 4, ROADS.length - 1);
  const road = ROADS[rank];
  const scale = Math.min(Math.max(2.4 / resolution, 0.25), 2.6);
  const width = Math.max(road.width * scale, 0.8);
  const z = 10 - rank;
  const styles = [
    new Style({ stroke: new Stroke({ color: token(road.casing), width: width + 1.6, lineCap: "round" }), zIndex: z - 10 }),
    new Style({ stroke: new Stroke({ color: token(road.fill), width, lineCap: "round" }), zIndex: z }),
  ];
  const name = feature.get("name");
  if (name && resolution < 5) {
    styles.push(new Style({
      text: new Text({
        text: name, placement: "line", font: `11px ${FONT}`, fill: new Fill({ color: token("--map-label") }),
        stroke: new Stroke({ color: token("--map-halo"), width: 3 }), maxAngle: 0.6, repeat: 400,
      }),
      zIndex: 40,
    }));
  }
  return styles;
};

// Unit grids are hairlines; the levels above them violet dash-dot, the top one strongest. `shown`: what the page switched on.
const areaStyle = (deepest, shown) => (feature, resolution) => {
  const depth = Number(feature.get("depth"));
  if (depth === deepest) return shown.grid ? new Style({ stroke: new Stroke({ color: token("--map-grid"), width: 0.6 }) }) : null;
  if (!shown.district) return null;
  const name = (depth === 1 ? resolution > 2.5 : depth === 2 && resolution < 8 && resolution > 1) && feature.get("name");
  const text = name && new Text({
    text: name, font: `600 ${depth === 1 ? 14 : 12}px ${FONT}`, fill: new Fill({ color: token("--map-border") }),
    stroke: new Stroke({ color: token("--map-halo"), width: 3 }),
  });
  const width = [1.6, 1, 0.6][depth - 1] ?? 0.6;
  const colour = token("--map-border") + ["cc", "99", "55"][Math.min(depth, 3) - 1];
  return new Style({ stroke: new Stroke({ color: colour, width, lineDash: [8, 3, 2, 3] }), text: text || undefined, zIndex: 20 - depth });
};

const componentStyle = () => new Style({
  image: new CircleStyle({ radius: 2.5, fill: new Fill({ color: token("--map-seen") }) }),
});

function tiles(layer, style, more = {}) {
  return new VectorTileLayer({
    source: new VectorTileSource({ format: new MVT(), url: `/tiles/${layer}/{z}/{x}/{y}`, maxZoom: 17 }),
    style, declutter: layer === "road" || layer === "area", renderMode: "vector", ...more,
  });
}

function ground(element, shown = { grid: true, district: true }) {
  return {
    road: tiles("road", roadStyle(JSON.parse(element.dataset.roads))),
    area: tiles("area", areaStyle(Number(element.dataset.depth), shown)),
  };
}

function draw(element, layers) {
  const centre = fromLonLat([Number(element.dataset.lon), Number(element.dataset.lat)]);
  element.hidden = false;
  return new OlMap({
    target: element, layers,
    // A map inside a page leaves the wheel to the page; and it pans at once, also before it has the focus.
    interactions: defaultInteractions({ mouseWheelZoom: element.dataset.map === "city" }),
    controls: defaultControls({ attribution: false, rotate: false, zoom: element.dataset.map !== "city" }).extend([new ScaleLine({ minWidth: 60 })]),
    view: new View({ center: centre, zoom: Number(element.dataset.zoom), minZoom: 10, maxZoom: 20, enableRotation: false }),
  });
}

// ── a case's place ──────────────────────────────────────────────────────────────────────────────────────────────────

// State is shape and colour: the design kit's own symbols, cut from its sprite and coloured.
const sprite = fetch("/static/icons.svg").then((answer) => answer.text()).then((text) => new DOMParser().parseFromString(text, "image/svg+xml"));
const drawn = new Map();

/** A disc with the state's symbol on it. `shape`: [icon, colour token]. */
function pin([icon, colour], document_) {
  const key = `${icon} ${colour}`;
  if (!drawn.has(key)) {
    const paint = token(`--${colour}`) || token("--ink");
    const symbol = document_.getElementById(icon);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="30" viewBox="0 0 16 16" color="${paint}">${symbol ? symbol.innerHTML : ""}</svg>`;
    const disc = new CircleStyle({ radius: 11, fill: new Fill({ color: token("--map-pin") }), stroke: new Stroke({ color: paint, width: 1.2 }) });
    drawn.set(key, [
      new Style({ image: disc, zIndex: 1 }),
      new Style({ image: new Icon({ src: `data:image/svg+xml,${encodeURIComponent(svg)}`, scale: 0.5 }), zIndex: 2 }),
    ]);
  }
  return drawn.get(key);
}

function accuracy(lon, lat, metres) {
  const ring = new Feature(circular([lon, lat], metres, 48).transform("EPSG:4326", "EPSG:3857"));
  ring.setStyle(new Style({ fill: new Fill({ color: "rgba(29,91,166,.12)" }), stroke: new Stroke({ color: token("--accent"), width: 1.2 }) }));
  return ring;
}

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
    if (number) tellCase(info, number, element.dataset.unavailable);
    else tellGround(info, toLonLat(event.coordinate), element.dataset.unavailable);
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
