// Drawing on the map: one layer at a time, with snapping to what is there, undo and redo, a check before it takes effect.

import { mapButtons } from "./city.js";
import { draw as drawMap, FONT, ground, label, token } from "./ground.js";
import { Strokes } from "./strokes.js";
import { CircleStyle, Draw, Fill, GeoJSON, Modify, Snap, Stroke, Style, toLonLat, VectorLayer, VectorSource } from "./vendor/ol.js";

const SNAP = 12; // px
const NOTHING = { type: "FeatureCollection", features: [] };
const element = document.getElementById("map");
const form = document.querySelector("[data-edit]");
const words = JSON.parse(form.dataset.words);
const levels = JSON.parse(form.dataset.levels);
const notice = document.querySelector("[data-notice]");
const outcome = document.querySelector("[data-outcome]");
const json = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });
const say = (text) => { notice.textContent = text || ""; notice.hidden = !text; };
const layerKey = () => form.elements.layer.value;
const kind = () => ["roads", "components", "duty_grids"].find((key) => key === layerKey()) || "areas";
const SHAPE = { areas: "Polygon", roads: "LineString", components: "Point", duty_grids: "Polygon" };

// ── what is drawn on ────────────────────────────────────────────────────────────────────────────────────────────────

const source = new VectorSource();
const above = new VectorSource(); // the level above, for duty grids the unit grids: only to snap to
const faults = new VectorSource();
const strokes = new Strokes(source);
let chosen = null;

const style = (feature) => {
  const op = strokes.opOf(feature);
  const colour = { add: "--ok", alter: "--accent", end: "--ur-late" }[op] || "--map-border";
  const width = feature === chosen ? 3 : op ? 2.2 : 1.2;
  return new Style({
    stroke: new Stroke({ color: token(colour), width, lineDash: op === "end" ? [4, 6] : undefined }),
    fill: new Fill({ color: `${token(colour)}${feature === chosen ? "2e" : "12"}` }),
    image: new CircleStyle({ radius: feature === chosen ? 7 : 5, fill: new Fill({ color: token(colour) }), stroke: new Stroke({ color: token("--map-halo"), width: 1.5 }) }),
    text: op ? label(strokes.saidOf(feature).name || feature.get("code") || "", `600 12px ${FONT}`, colour) : undefined,
  });
};
const faultStyle = () => new Style({ stroke: new Stroke({ color: token("--ur-late"), width: 2 }), fill: new Fill({ color: `${token("--ur-late")}55` }),
  image: new CircleStyle({ radius: 8, stroke: new Stroke({ color: token("--ur-late"), width: 3 }) }) });

const base = Object.values(ground(element));
const map = drawMap(element, [
  ...base,
  new VectorLayer({ source, style, zIndex: 60 }), new VectorLayer({ source: faults, style: faultStyle, zIndex: 70 }),
]);
const view = map.getView();
mapButtons(view);

async function asked(path, body) {
  const more = body ? { method: "POST", headers: { "content-type": "application/json", "x-csrf": element.dataset.csrf }, body: JSON.stringify(body) } : {};
  const answer = await fetch(path, { ...more, headers: { accept: "application/json", ...more.headers } });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error((document.documentElement.lang.startsWith("zh") && said.title_zh) || said.title || words.unavailable), { said });
  return said;
}

let wanted = 0;
async function load() {
  const number = ++wanted;
  const [west, south, east, north] = view.calculateExtent(map.getSize());
  const [a, b] = [toLonLat([west, south]), toLonLat([east, north])];
  const query = (layer) => new URLSearchParams({ layer, west: a[0], south: a[1], east: b[0], north: b[1] });
  try {
    const rows = await asked(`/map/edit/rows?${query(layerKey())}`);
    const upper = kind() === "duty_grids" ? levels.at(-1) : levels[levels.indexOf(layerKey()) - 1];
    const outline = upper ? await asked(`/map/edit/rows?${query(upper)}`).catch(() => NOTHING) : NOTHING; // too far off to snap to
    if (number !== wanted) return; // the map has moved on
    strokes.keep(json.readFeatures(rows));
    above.clear();
    above.addFeatures(json.readFeatures(outline));
    say("");
    element.dataset.loaded = layerKey();
  } catch (error) {
    if (number === wanted) say(error.message);
  }
}
map.on("moveend", load);

// ── the tools ───────────────────────────────────────────────────────────────────────────────────────────────────────

let tool = "choose", pen = null;
const modify = new Modify({ source, pixelTolerance: SNAP });
let pressed = [0, 0];
modify.on("modifystart", ({ mapBrowserEvent }) => { pressed = mapBrowserEvent.pixel; strokes.mark(); });
modify.on("modifyend", ({ mapBrowserEvent: { pixel }, features }) => {
  // A press that goes nowhere chooses; on an edge it would leave a corner behind.
  if (Math.hypot(pixel[0] - pressed[0], pixel[1] - pressed[1]) < 3) strokes.forget();
  else if (features.getLength() === 1) return choose(features.item(0)); // what was moved is what one goes on with
  return show();
});
const snaps = [new Snap({ source, pixelTolerance: SNAP }), new Snap({ source: above, pixelTolerance: SNAP })];

function take(name) {
  tool = name;
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  for (const interaction of [pen, modify, ...snaps]) if (interaction) map.removeInteraction(interaction);
  pen = null;
  if (name === "draw") {
    pen = new Draw({ type: SHAPE[kind()], snapTolerance: SNAP });
    pen.on("drawend", ({ feature }) => begin(feature));
    map.addInteraction(pen);
    say(words[`hint_${kind()}`]);
  } else {
    map.addInteraction(modify);
    say("");
  }
  if (kind() === "components") return; // two things never stand on one spot: what is near must not draw one to it
  for (const snap of snaps) map.addInteraction(snap); // last: they see the pointer first
}

async function begin(feature) {
  strokes.mark();
  strokes.add(feature);
  choose(feature);
  take("choose");
  if (kind() !== "areas" && kind() !== "duty_grids") return show();
  const [lon, lat] = toLonLat(feature.getGeometry().getInteriorPoint().getCoordinates());
  try {
    const found = await asked(`/map/edit/code?${new URLSearchParams({ layer: layerKey(), lon, lat })}`);
    if (kind() === "areas") strokes.say(feature, { parent: found.parent });
    feature.set("code", found.code);
  } catch (error) {
    say(error.message);
  }
  choose(feature);
}

map.on("singleclick", (event) => {
  if (tool !== "choose") return;
  choose(map.forEachFeatureAtPixel(event.pixel, (feature) => (source.hasFeature(feature) ? feature : undefined), { hitTolerance: 6 }) || null);
});

const FIELDS = { areas: ["name", "name_en", "parent", "area_class"], roads: ["class", "road_name"], components: ["category", "supervisor", "owner", "maintainer"], duty_grids: ["name", "inspectors"] };
const COLUMN = { road_name: "name" };
const column = (field) => COLUMN[field.name] || field.name;
const filled = (field) => (field.multiple ? [...field.selectedOptions].map(({ value }) => value) : field.value.trim());
const fill = (field, value) => {
  if (!field.multiple) field.value = value ?? "";
  else for (const option of field.options) option.selected = (value || []).includes(option.value);
};

function choose(feature) {
  chosen = feature;
  const card = form.querySelector("[data-one]");
  card.hidden = !feature;
  if (feature) {
    const said = strokes.saidOf(feature);
    const fresh = strokes.opOf(feature) === "add";
    card.querySelector("[data-heading]").textContent = fresh ? words.fresh : `${said.name || ""} ${feature.get("code")}`;
    card.querySelector("[data-for=add]").hidden = !fresh;
    for (const part of card.querySelectorAll("[data-of]")) part.hidden = !part.dataset.of.split(" ").includes(kind());
    card.querySelector("[data-parent]").hidden = levels.indexOf(layerKey()) < 1;
    card.querySelector("[data-down]").hidden = !fresh || layerKey() === levels.at(-1) || kind() !== "areas";
    form.elements.code.value = feature.get("code") || "";
    form.elements.code.placeholder = kind() === "components" ? words.next_code : "";
    for (const name of FIELDS[kind()]) fill(form.elements[name], said[COLUMN[name] || name]);
    card.querySelector("[data-retire]").textContent = strokes.opOf(feature) === "end" ? words.keep : fresh ? words.drop : words.retire;
  }
  show();
}

form.querySelector("[data-one]").addEventListener("change", ({ target }) => {
  if (!chosen || target.name === "down") return show();
  strokes.mark();
  if (target.name === "code") chosen.set("code", target.value.trim());
  else strokes.say(chosen, { [column(target)]: filled(target) });
  show();
});
form.querySelector("[data-retire]").addEventListener("click", retire);
function retire() {
  if (!chosen) return;
  strokes.mark();
  strokes.retire(chosen);
  choose(source.hasFeature(chosen) ? chosen : null);
}

function step(back) {
  if (back ? strokes.undo() : strokes.redo()) choose(chosen && source.hasFeature(chosen) ? chosen : null);
}
document.querySelector("[data-undo]").addEventListener("click", () => step(true));
document.querySelector("[data-redo]").addEventListener("click", () => step(false));
for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => take(button.dataset.tool));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if ((event.ctrlKey || event.metaKey) && !typing && ["z", "y"].includes(event.key.toLowerCase())) {
    event.preventDefault();
    if (tool === "draw" && event.key.toLowerCase() === "z" && !event.shiftKey) pen.removeLastPoint();
    else step(event.key.toLowerCase() === "z" && !event.shiftKey);
  } else if (event.key === "Escape" && tool === "draw") take("choose");
  else if (event.key === "Delete" && !typing) retire();
});
form.elements.layer.addEventListener("change", () => {
  if (strokes.changed().length && !window.confirm(words.leave)) {
    form.elements.layer.value = strokes.layer;
    return;
  }
  reset();
});

function reset() {
  strokes.clear(layerKey());
  faults.clear();
  choose(null);
  take("choose");
  delete element.dataset.loaded;
  load();
}

// ── check, put in force ─────────────────────────────────────────────────────────────────────────────────────────────

let sound = "";
const go = form.querySelector("[data-go]");

/** What would be sent: the layer's own rows, and for a new area one of each level below where that was ticked. */
function sets() {
  const rows = strokes.changed().map((feature) => {
    const op = strokes.opOf(feature);
    const geometry = op === "end" ? null : json.writeGeometryObject(feature.getGeometry(), { decimals: 8, rightHanded: true });
    return { op, code: feature.get("code") || "", said: op === "end" ? {} : strokes.saidOf(feature), geometry };
  });
  const found = [{ layer: layerKey(), changes: rows }];
  const below = kind() === "areas" && form.elements.down.checked ? levels.slice(levels.indexOf(layerKey()) + 1) : [];
  let parents = rows.filter((row) => row.op === "add");
  for (const level of below) {
    if (!parents.length) break;
    parents = parents.map((row) => ({ ...row, code: `${row.code}001`, said: { ...row.said, parent: row.code } }));
    found.push({ layer: level, changes: parents });
  }
  return found;
}

function show() {
  const rows = strokes.changed();
  form.querySelector("[data-count]").textContent = rows.length;
  form.querySelector("[data-none]").hidden = rows.length > 0;
  form.querySelector("[data-changes]").replaceChildren(...rows.map((feature) => {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn quiet block" });
    button.append(`${words[strokes.opOf(feature)]} ${strokes.saidOf(feature).name || ""} `, Object.assign(document.createElement("span"), { className: "mono xs", textContent: feature.get("code") || "" }));
    button.addEventListener("click", () => { choose(feature); view.fit(feature.getGeometry(), { padding: [80, 80, 80, 80], maxZoom: 18, duration: 220 }); });
    item.append(button);
    return item;
  }));
  document.querySelector("[data-undo]").disabled = !strokes.canUndo();
  document.querySelector("[data-redo]").disabled = !strokes.canRedo();
  go.disabled = !rows.length || sound !== JSON.stringify(sets()); // what was checked is what goes in
  source.changed();
}

async function send(trial) {
  faults.clear();
  const drawn = sets();
  if (!drawn[0].changes.length) return tell(words.none_drawn, "warn");
  if (!form.reportValidity()) return undefined;
  const body = { reason: form.elements.reason.value, source: form.elements.source.value, in_force: form.elements.in_force.value || null, trial, sets: drawn };
  try {
    const found = await asked("/map/edit/strokes", body);
    faults.addFeatures(json.readFeatures(found.faults));
    sound = found.sound ? JSON.stringify(drawn) : "";
    const list = found.faults.features.map((fault) => fault.properties.said);
    const held = found.sets.flatMap((one) => one.held);
    if (!found.sound) tell(words.faulty, "bad", list);
    else if (trial) tell(held.length ? words.will_hold : words.sound, held.length ? "warn" : "good", [...held, ...list]);
    else {
      tell(held.length ? words.held : words.done, held.length ? "warn" : "good", held);
      for (const layer of base) layer.getSource().refresh();
      reset();
    }
    element.dataset.checked = found.done ? "done" : found.sound ? "sound" : "faulty";
  } catch (error) {
    sound = "";
    faults.addFeatures(json.readFeatures({ type: "FeatureCollection", features: error.said?.faults?.filter?.((one) => one.geometry) || [] }));
    tell(error.message, "bad");
  }
  return show();
}

function tell(text, tone, list = []) {
  const box = Object.assign(document.createElement("div"), { className: `note ${tone}` });
  const inner = Object.assign(document.createElement("div"), { className: "stack s1" });
  inner.append(Object.assign(document.createElement("b"), { textContent: text }));
  const items = Object.assign(document.createElement("ul"), { className: "bul" });
  items.append(...list.slice(0, 12).map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  if (list.length) inner.append(items);
  box.append(inner);
  outcome.replaceChildren(box);
}

form.querySelector("[data-check]").addEventListener("click", () => send(true));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(false);
});
window.addEventListener("beforeunload", (event) => { if (strokes.changed().length) event.preventDefault(); });

strokes.clear(layerKey());
take("choose");
show();
