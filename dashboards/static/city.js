// The whole city: layers to switch on, the ground of any day, open cases on top, and a search.

import { asOf, cluster, componentStyle, danger, draw, dutyStyle, ground, pin, sprite, tiles, token } from "./ground.js";
import { hideWho, offerWho } from "./who.js";
import { CircleStyle, fromLonLat, Stroke, Style, toLonLat } from "./vendor/ol.js";

const REACH = 16; // px around a pin that count as the pin
const GROUND = ["road", "area", "duty", "component"]; // what has a day; cases are always today's

const LATE = () => new Style({ image: new CircleStyle({ radius: 14, stroke: new Stroke({ color: token("--ur-late"), width: 2 }) }) });

const caseStyle = (shapes, symbols) => (feature) => {
  const [n, late] = [feature.get("n"), feature.get("late")];
  if (n > 1) return cluster(n, late);
  if (feature.get("unsafe")) return danger(symbols);
  const styles = pin(shapes[feature.get("state")], symbols);
  return late ? [LATE(), ...styles] : styles;
};

/** The view in the address: zoom/lat/lon, so that a link shows the same. */
function fromAddress(view) {
  const [zoom, lat, lon] = location.hash.slice(1).split("/").map(Number);
  if (zoom && [zoom, lat, lon].every(Number.isFinite)) {
    view.setZoom(zoom);
    view.setCenter(fromLonLat([lon, lat]));
  }
}

async function asked(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

/** One click orders an answer of whoever has the case, where the reader may. */
function order({ number, order: { word, ...sent } }) {
  if (!word) return [];
  const form = document.createElement("form");
  form.method = "post";
  form.action = `/cases/${encodeURIComponent(number)}`;
  for (const [name, value] of Object.entries(sent)) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  const button = document.createElement("button");
  button.className = "btn";
  button.append(word);
  form.append(button);
  return [form];
}

async function tellCase(info, number, unavailable) {
  try {
    const found = await asked(`/map/cases/${encodeURIComponent(number)}`);
    const link = document.createElement("a");
    link.href = `/cases/${encodeURIComponent(found.number)}`;
    link.append(found.category);
    const head = document.createElement("b");
    head.append(link);
    const unsafe = found.danger ? [paragraph(found.danger, "ur ur-hazard")] : [];
    info.replaceChildren(head, ...unsafe, paragraph([found.state, found.late, found.place].filter(Boolean).join(" · ")), paragraph(found.unit), paragraph(found.number, "mono xs"), ...order(found));
  } catch {
    info.replaceChildren(paragraph(unavailable));
  }
}

/** The areas a place lies in, from the top down. */
async function tellGround(info, [lon, lat], { unavailable, day }) {
  try {
    const { areas, empty } = await asked(`/map/here?lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}${day ? `&on=${day}` : ""}`);
    info.replaceChildren(...(areas.length ? areas.map((a) => paragraph(`${a.name} ${a.code}`)) : [paragraph(empty)]));
  } catch {
    info.replaceChildren(paragraph(unavailable));
  }
}

/** The pin or number nearest to a place of the map, within `reach` map units; a danger lies on top of the others. */
function nearest(layer, [x, y], reach) {
  const near = layer.getFeaturesInExtent([x - reach, y - reach, x + reach, y + reach]).map((feature) => {
    const [fx, fy] = feature.getFlatCoordinates();
    return { number: feature.get("number"), n: feature.get("n"), unsafe: feature.get("unsafe") || 0, away: Math.hypot(fx - x, fy - y) };
  });
  return near.filter((found) => found.away <= reach).sort((a, b) => b.unsafe - a.unsafe || a.away - b.away)[0];
}

export function cityMap(element) {
  const shown = {}, off = new Set();
  const layers = ground(element, shown);
  layers.duty = tiles("duty", dutyStyle(), { minZoom: 12.5, visible: false, zIndex: -1 });
  layers.component = tiles("component", componentStyle(off), { visible: false, zIndex: 40 });
  layers.cases = tiles("case", null, { zIndex: 50 });
  const map = draw(element, Object.values(layers));
  const view = map.getView();
  const info = document.querySelector("[data-info]");
  const state = { unavailable: element.dataset.unavailable, day: "" };
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
    const found = layers.cases.getVisible() && nearest(layers.cases, event.coordinate, view.getResolution() * REACH);
    if (found?.n > 1) view.animate({ center: event.coordinate, zoom: Math.min(view.getZoom() + 2, 18), duration: 220 });
    else if (found) {
      hideWho();
      tellCase(info, found.number, state.unavailable);
    } else {
      tellGround(info, toLonLat(event.coordinate), state);
      offerWho(toLonLat(event.coordinate));
    }
  });
  notices(map, layers, element);
  switches(layers, { shown, off });
  days(layers, state);
  finder(view, info, state);
  mapButtons(view);
}

/** Says when nothing can be had, and when there is nothing to be seen. */
function notices(map, layers, element) {
  const note = document.querySelector("[data-notice]");
  let broken = false;
  const say = (words) => { note.textContent = words; note.hidden = !words; };
  for (const layer of Object.values(layers)) {
    layer.getSource().on("tileloaderror", () => { broken = true; say(element.dataset.unavailable); });
    layer.getSource().on("tileloadend", () => { broken = false; });
  }
  map.on("rendercomplete", () => {
    if (broken) return;
    const none = layers.cases.getVisible() && !layers.cases.getFeaturesInExtent(map.getView().calculateExtent(map.getSize())).length;
    say(none ? note.dataset.empty : "");
  });
}

function switches(layers, { shown, off }) {
  const on = (selector, change) => {
    for (const box of document.querySelectorAll(selector)) {
      box.addEventListener("change", () => change(box));
      change(box);
    }
  };
  on("[data-layer]", (box) => layers[box.dataset.layer].setVisible(box.checked));
  on("[data-level]", (box) => { shown[box.dataset.level] = box.checked; layers.area.changed(); });
  on("[data-class]", (box) => {
    if (box.checked) off.delete(box.dataset.class);
    else off.add(box.dataset.class);
    layers.component.changed();
  });
}

function days(layers, state) {
  const input = document.querySelector("[data-day]");
  input.addEventListener("change", () => {
    state.day = input.value;
    for (const name of GROUND) asOf(layers[name], name, state.day);
    document.querySelector("[data-past]").hidden = !state.day;
  });
}

// ── search: the number of a case, the code of a grid, the name of a road or an area ────────────────────────────────

function finder(view, info, state) {
  const form = document.querySelector("[data-find]");
  const field = form.elements.q;
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      field.focus();
    }
  });
  const there = (one) => {
    view.animate({ center: fromLonLat([one.lon, one.lat]), zoom: one.zoom, duration: 220 });
    if (one.number) tellCase(info, one.number, state.unavailable);
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { found, empty } = await asked(`/map/find?q=${encodeURIComponent(field.value)}`);
      if (found.length === 1) there(found[0]);
      const list = document.createElement("ul");
      list.className = "found";
      list.append(...found.map((one) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn quiet block";
        button.append(`${one.name} `, Object.assign(document.createElement("span"), { className: "mut xs", textContent: one.kind }));
        button.addEventListener("click", () => there(one));
        const item = document.createElement("li");
        item.append(button);
        return item;
      }));
      info.replaceChildren(found.length ? list : paragraph(empty));
    } catch {
      info.replaceChildren(paragraph(state.unavailable));
    }
  });
}

export function mapButtons(view) {
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
