// Maps: one drawing of the ground for all pages; a cross to place a report, a pin for a case, the whole city.

import {
  CircleStyle, circular, defaultControls, Feature, Fill, fromLonLat, Map as OlMap, MVT, Point, ScaleLine,
  Stroke, Style, Text, toLonLat, VectorLayer, VectorSource, VectorTileLayer, VectorTileSource, View,
} from "./vendor/ol.js";

const css = getComputedStyle(document.documentElement);
const token = (name) => css.getPropertyValue(name).trim();
const FONT = "system-ui, sans-serif";

// Width in px at zoom 16, colour and casing by rank of the road: class is seen because duty follows it.
const ROADS = [
  { width: 9, fill: "--map-trunk", casing: "--map-trunk-case" },
  { width: 9, fill: "--map-pri", casing: "--map-pri-case" },
  { width: 6, fill: "--map-sec", casing: "--map-sec-case" },
  { width: 4, fill: "--map-street2", casing: "--map-street2-case" },
  { width: 2.5, fill: "--map-street", casing: "--map-street2-case" },
];

function roadRank(feature) {
  const rank = Number(feature.get("rank"));
  if (rank) return Math.min(rank, ROADS.length - 1);
  return { main: 1, secondary: 2, branch: 3, alley: 4 }[feature.get("class")] ?? 4;
}

function roadStyle(feature, resolution) {
  const road = ROADS[roadRank(feature)];
  const scale = Math.min(Math.max(2.4 / resolution, 0.25), 2.6);
  const width = Math.max(road.width * scale, 0.8);
  const z = 10 - roadRank(feature);
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
}

const gridStyle = () => new Style({ stroke: new Stroke({ color: token("--map-grid"), width: 0.6 }) });

function districtStyle(feature, resolution) {
  const top = Number(feature.get("depth")) === 1;
  return new Style({
    stroke: new Stroke({ color: token("--map-border"), width: top ? 1.8 : 1, lineDash: [8, 3, 2, 3] }),
    text: (top ? resolution > 2 : resolution < 6) && feature.get("name")
      ? new Text({ text: feature.get("name"), font: `600 ${top ? 14 : 11}px ${FONT}`, fill: new Fill({ color: token("--map-border") }), stroke: new Stroke({ color: token("--map-halo"), width: 3 }), overflow: false })
      : undefined,
  });
}

const componentStyle = () => new Style({
  image: new CircleStyle({ radius: 2.5, fill: new Fill({ color: token("--map-seen") }) }),
});

function tiles(layer, style, more = {}) {
  return new VectorTileLayer({
    source: new VectorTileSource({ format: new MVT(), url: `/tiles/${layer}/{z}/{x}/{y}`, maxZoom: 17 }),
    style, declutter: layer !== "component", ...more,
  });
}

function ground(with_) {
  const layers = {
    grid: tiles("grid", gridStyle, { minZoom: 15 }),
    road: tiles("road", roadStyle),
    district: tiles("district", districtStyle),
  };
  if (with_.component) layers.component = tiles("component", componentStyle, { minZoom: 16, visible: false });
  return layers;
}

function draw(element, layers) {
  const centre = fromLonLat([Number(element.dataset.lon), Number(element.dataset.lat)]);
  element.hidden = false;
  return new OlMap({
    target: element, layers,
    controls: defaultControls({ attribution: false, rotate: false, zoom: element.dataset.map !== "city" }).extend([new ScaleLine({ minWidth: 60 })]),
    view: new View({ center: centre, zoom: Number(element.dataset.zoom), minZoom: 10, maxZoom: 20, enableRotation: false }),
  });
}

// ── a case's place ──────────────────────────────────────────────────────────────────────────────────────────────────

function pin(colour) {
  return new Style({
    image: new CircleStyle({ radius: 9, fill: new Fill({ color: token("--map-pin") }), stroke: new Stroke({ color: token(`--${colour}`) || token("--ink"), width: 3 }) }),
    zIndex: 60,
  });
}

function accuracy(lon, lat, metres) {
  const ring = new Feature(circular([lon, lat], metres, 48).transform("EPSG:4326", "EPSG:3857"));
  ring.setStyle(new Style({ fill: new Fill({ color: "rgba(29,91,166,.12)" }), stroke: new Stroke({ color: token("--accent"), width: 1.2 }) }));
  return ring;
}

const COLOURS = {
  "st-filed": "st-filed", "st-accepted": "st-centre", "st-dispatch": "st-centre", "st-disposing": "st-work", "st-verify": "st-check",
  "st-closed": "st-closed", "st-dispute": "st-dispute", "st-suspended": "st-held", "st-void": "st-void",
};

function caseMap(element) {
  const lon = Number(element.dataset.lon), lat = Number(element.dataset.lat);
  const spot = new Feature(new Point(fromLonLat([lon, lat])));
  spot.setStyle(pin(COLOURS[element.dataset.state]));
  const features = [spot];
  if (Number(element.dataset.accuracy) > 0) features.unshift(accuracy(lon, lat, Number(element.dataset.accuracy)));
  draw(element, [...Object.values(ground({})), new VectorLayer({ source: new VectorSource({ features }) })]);
}

// ── placing a report: drag the map under the cross, or let the device say ───────────────────────────────────────────

function pickMap(element) {
  const field = element.closest("[data-place]");
  const form = field.closest("form");
  const said = field.querySelector("[data-said]");
  const button = field.querySelector("[data-locate]");
  const set = (name, value) => { if (form.elements[name]) form.elements[name].value = value; };
  const rings = new VectorSource();
  const map = draw(element, [...Object.values(ground({})), new VectorLayer({ source: rings })]);
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

function caseStyle(feature) {
  const colour = token(`--${COLOURS[feature.get("colour")] ?? "ink"}`);
  const styles = [new Style({
    image: new CircleStyle({ radius: 6, fill: new Fill({ color: feature.get("hazard") ? token("--hz-a") : token("--map-pin") }), stroke: new Stroke({ color: colour, width: 2.5 }) }),
  })];
  if (feature.get("late")) {
    styles.unshift(new Style({ image: new CircleStyle({ radius: 10, stroke: new Stroke({ color: token("--ur-late"), width: 2 }) }) }));
  }
  return styles;
}

function cityMap(element) {
  const layers = ground({ component: true });
  const cases = new VectorSource();
  layers.cases = new VectorLayer({ source: cases, style: caseStyle, zIndex: 50 });
  const map = draw(element, Object.values(layers));
  const info = document.querySelector("[data-info]");
  const view = map.getView();

  const restore = () => {
    const [zoom, lat, lon] = location.hash.slice(1).split("/").map(Number);
    if ([zoom, lat, lon].every(Number.isFinite) && zoom) {
      view.setZoom(zoom);
      view.setCenter(fromLonLat([lon, lat]));
    }
  };
  restore();
  window.addEventListener("hashchange", restore);

  let newest = 0;
  const load = async () => {
    const [west, south, east, north] = view.calculateExtent();
    const corners = [...toLonLat([west, south]), ...toLonLat([east, north])].map((n) => n.toFixed(6));
    const mine = ++newest;
    try {
      const answer = await fetch(`/map/cases?box=${corners}`, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const found = await answer.json();
      if (mine !== newest) return;
      cases.clear();
      cases.addFeatures(found.cases.map((c) => {
        const feature = new Feature({ geometry: new Point(fromLonLat([c.lon, c.lat])) });
        feature.setProperties(c);
        return feature;
      }));
      element.dataset.cases = String(found.cases.length);
    } catch {
      if (mine === newest) info.replaceChildren(paragraph(element.dataset.unavailable));
    }
  };
  map.on("moveend", () => {
    const [lon, lat] = toLonLat(view.getCenter());
    history.replaceState(null, "", `#${view.getZoom().toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
    load();
  });

  map.on("singleclick", (event) => {
    let shown = false;
    map.forEachFeatureAtPixel(event.pixel, (feature, layer) => {
      if (layer !== layers.cases || shown) return;
      shown = true;
      const link = document.createElement("a");
      link.href = `/cases/${feature.get("number")}`;
      link.append(feature.get("category"));
      const head = document.createElement("b");
      head.append(link);
      info.replaceChildren(head, paragraph(`${feature.get("word")} · ${feature.get("place_words")}`), paragraph(feature.get("number"), "mono xs"));
    }, { hitTolerance: 6 });
    if (shown) return;
    const names = [];
    map.forEachFeatureAtPixel(event.pixel, (feature) => {
      const words = [feature.get("name"), feature.get("code")].filter(Boolean).join(" ");
      if (words && !names.includes(words)) names.push(words);
    }, { hitTolerance: 3 });
    info.replaceChildren(...names.slice(0, 5).map((words) => paragraph(words)));
  });

  for (const box of document.querySelectorAll("[data-layer]")) {
    const set = () => layers[box.dataset.layer]?.setVisible(box.checked);
    box.addEventListener("change", set);
    set();
  }
  for (const button of document.querySelectorAll("[data-zoom-by]")) {
    button.addEventListener("click", () => view.animate({ zoom: view.getZoom() + Number(button.dataset.zoomBy), duration: 120 }));
  }
  const here = document.querySelector("[data-locate-map]");
  if (!window.isSecureContext || !navigator.geolocation) here.hidden = true;
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
