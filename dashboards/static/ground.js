// How the ground and a case's pin are drawn: the same on every map.

import {
  CircleStyle, circular, defaultControls, defaultInteractions, Feature, Fill, fromLonLat, Icon, Map as OlMap, MVT, Point, ScaleLine,
  Stroke, Style, Text, VectorTileLayer, VectorTileSource, View,
} from "./vendor/ol.js";

const css = getComputedStyle(document.documentElement);
export const token = (name) => css.getPropertyValue(name).trim();
export const FONT = "system-ui, sans-serif";
const ENGLISH = !document.documentElement.lang.startsWith("zh");
const named = (feature) => (ENGLISH && feature.get("name_en")) || feature.get("name");

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
  const name = named(feature);
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

// Unit grids are hairlines; the levels above them violet dash-dot, the top one strongest. `shown`: level → switched on; a
// level it does not name is on.
const areaStyle = (deepest, shown) => (feature, resolution) => {
  const depth = Number(feature.get("depth"));
  if (shown[feature.get("level")] === false) return null;
  if (depth === deepest) return new Style({ stroke: new Stroke({ color: token("--map-grid"), width: 0.6 }) });
  const name = (depth === 1 ? resolution > 2.5 : depth === 2 && resolution < 8 && resolution > 1) && named(feature);
  const text = name && label(name, `600 ${depth === 1 ? 14 : 12}px ${FONT}`, "--map-border");
  const width = [1.6, 1, 0.6][depth - 1] ?? 0.6;
  const colour = token("--map-border") + ["cc", "99", "55"][Math.min(depth, 3) - 1];
  return new Style({ stroke: new Stroke({ color: colour, width, lineDash: [8, 3, 2, 3] }), text: text || undefined, zIndex: 20 - depth });
};

export function label(words, font, colour) {
  return new Text({
    text: words, font, fill: new Fill({ color: token(colour) }), stroke: new Stroke({ color: token("--map-halo"), width: 3 }),
  });
}

// A tour keeps its tint from tile to tile: it comes from the code.
const TINTS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"];
const tint = (code) => TINTS[[...String(code)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % TINTS.length];
export const dutyStyle = () => (feature, resolution) => {
  const name = resolution < 3 && named(feature);
  return new Style({
    fill: new Fill({ color: `${token(tint(feature.get("code")))}2e` }),
    text: name ? label(name, `500 12px ${FONT}`, "--map-label") : undefined,
  });
};

/** Components one by one, or as numbers. `off`: the classes that are switched off. */
export const componentStyle = (off = new Set()) => (feature) => {
  const counted = Object.entries(feature.getProperties()).filter(([name]) => /^n./.test(name) && name !== "name");
  if (!counted.length) {
    if (off.has(feature.get("class"))) return null;
    return new Style({ image: new CircleStyle({ radius: 3, fill: new Fill({ color: token("--map-seen") }), stroke: new Stroke({ color: token("--map-halo"), width: 1 }) }) });
  }
  const n = counted.reduce((sum, [name, value]) => sum + (off.has(name.slice(1)) ? 0 : value), 0);
  if (!n) return null;
  return new Style({
    image: new CircleStyle({ radius: Math.min(8 + 3 * Math.log10(n), 20), fill: new Fill({ color: `${token("--map-pin")}d9` }), stroke: new Stroke({ color: token("--map-seen"), width: 1.2 }) }),
    text: new Text({ text: short(n), font: `11px ${FONT}`, fill: new Fill({ color: token("--ink-2") }) }),
  });
};

const short = (n) => (n < 1000 ? String(n) : n < 100000 ? `${(n / 1000).toFixed(n < 10000 ? 1 : 0)}k` : `${Math.round(n / 1000)}k`);

/** Cases that stand for one: how many are late of how many there are. */
export function cluster(n, late) {
  const words = late ? `${late}/${n}` : String(n);
  const ring = token(late ? "--ur-late" : "--line-2");
  return new Style({
    image: new CircleStyle({ radius: 11 + 3.2 * words.length, fill: new Fill({ color: token("--map-pin") }), stroke: new Stroke({ color: ring, width: late ? 2.4 : 1.4 }) }),
    text: new Text({ text: words, font: `600 12px ${FONT}`, fill: new Fill({ color: token("--ink") }) }), zIndex: 3,
  });
}

const address = (layer, day) => `/tiles/${layer}/{z}/{x}/{y}${day ? `?on=${day}` : ""}`;

export function tiles(layer, style, more = {}) {
  return new VectorTileLayer({
    source: new VectorTileSource({ format: new MVT(), url: address(layer), maxZoom: 17 }),
    style, declutter: layer === "road" || layer === "area", renderMode: "vector", ...more,
  });
}

/** The layer as it was that day; empty: as it is. */
export function asOf(layer, name, day) {
  layer.getSource().setUrl(address(name, day));
}

export function ground(element, shown = {}) {
  return {
    road: tiles("road", roadStyle(JSON.parse(element.dataset.roads))),
    area: tiles("area", areaStyle(Number(element.dataset.depth), shown)),
  };
}

export function draw(element, layers) {
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

// State is shape and colour: the design kit's own symbols, cut from its sprite and coloured.
export const sprite = fetch("/static/icons.svg").then((answer) => answer.text()).then((text) => new DOMParser().parseFromString(text, "image/svg+xml"));
const drawn = new Map();

/** A disc with a symbol on it, of a state as a rule. `shape`: [icon, colour token]. */
export function pin([icon, colour], document_, { fill = "--map-pin", radius = 11, zIndex = 1 } = {}) {
  const key = `${icon} ${colour}`;
  if (!drawn.has(key)) {
    const paint = token(`--${colour}`) || token("--ink");
    const symbol = document_.getElementById(icon);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="30" viewBox="0 0 16 16" color="${paint}">${symbol ? symbol.innerHTML : ""}</svg>`;
    const disc = new CircleStyle({ radius, fill: new Fill({ color: token(fill) }), stroke: new Stroke({ color: paint, width: 1.2 }) });
    drawn.set(key, [
      new Style({ image: disc, zIndex }),
      new Style({ image: new Icon({ src: `data:image/svg+xml,${encodeURIComponent(svg)}`, scale: 0.5 }), zIndex: zIndex + 1 }),
    ]);
  }
  return drawn.get(key);
}

/** A danger that nobody has made safe: the lane's own sign, above all other pins. */
export function danger(symbols) {
  return pin(["hazard", "hz-b"], symbols, { fill: "--hz-a", radius: 13, zIndex: 10 });
}

export function accuracy(lon, lat, metres) {
  const ring = new Feature(circular([lon, lat], metres, 48).transform("EPSG:4326", "EPSG:3857"));
  ring.setStyle(new Style({ fill: new Fill({ color: "rgba(29,91,166,.12)" }), stroke: new Stroke({ color: token("--accent"), width: 1.2 }) }));
  return ring;
}
