// The maps of the pages: a pin for a case, a cross to place a report, the whole city.

import { cityMap } from "./city.js";
import { findingsMap } from "./findings.js";
import { accuracy, draw, ground, pin, sprite } from "./ground.js";
import { movedMap } from "./moved.js";
import { Feature, fromLonLat, Point, toLonLat, VectorLayer, VectorSource } from "./vendor/ol.js";

function caseMap(element) {
  const lon = Number(element.dataset.lon), lat = Number(element.dataset.lat);
  const spot = new Feature(new Point(fromLonLat([lon, lat])));
  sprite.then((symbols) => spot.setStyle(pin(JSON.parse(element.dataset.shape), symbols)));
  const features = [spot];
  if (Number(element.dataset.accuracy) > 0) features.unshift(accuracy(lon, lat, Number(element.dataset.accuracy)));
  draw(element, [...Object.values(ground(element)), new VectorLayer({ source: new VectorSource({ features }) })]);
}

// ── placing a report: drag the map under the cross, or let the device say ───────────────────────────────────────────

// What asked for a place is said no more once there is one.
function located(form, field) {
  field.classList.remove("err");
  field.querySelector(".unplaced")?.classList.remove("unplaced");
  field.querySelector(".msg")?.remove();
  const asked = form.querySelector('[data-why="place"]');
  asked?.closest(".field").classList.remove("err");
  const note = document.querySelector("[data-wrongs]");
  const names = note?.dataset.wrongs.split(" ") ?? [];
  const said = note?.querySelectorAll("li") ?? [];
  names.forEach((name, at) => {
    if (said[at] && (name === "lon" || name === "lat" || (name === "address" && asked))) said[at].hidden = true;
  });
  if (said.length && [...said].every((one) => one.hidden)) note.hidden = true;
  asked?.remove();
}

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
    located(form, field);
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
      if (form.elements.lon.value && form.elements.lat.value && Number.isFinite(lon + lat)) {
        map.getView().setCenter(fromLonLat([lon, lat]));
        located(form, field);
      }
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

const KINDS = { case: caseMap, pick: pickMap, city: cityMap, findings: findingsMap, moved: movedMap };
// A map in a closed <details> has no size yet: it is drawn when it first opens.
for (const element of document.querySelectorAll("[data-map]")) {
  const shut = element.closest("details:not([open])");
  const start = () => KINDS[element.dataset.map](element);
  if (shut) shut.addEventListener("toggle", start, { once: true });
  else start();
}
