// What was changed on a layer, kept apart from what is there: each row's shape, words and end, with undo and redo.

export class Strokes {
  constructor(source) {
    this.source = source;
    this.layer = "";
    this.was = new Map(); // feature → shape and words as they are in force; a new feature has none
    this.past = [];
    this.future = [];
  }

  /** Another layer, or begin anew. */
  clear(layer) {
    this.layer = layer;
    this.was.clear();
    this.past = [];
    this.future = [];
    this.source.clear();
  }

  /** Rows as they came: those not known yet are added, what was changed stays as drawn; the rest goes. */
  keep(features) {
    const known = new Map([...this.was.keys()].map((feature) => [feature.get("code"), feature]));
    const fresh = features.filter((feature) => !known.has(feature.get("code")));
    const codes = new Set(features.map((feature) => feature.get("code")));
    for (const [code, feature] of known) {
      if (codes.has(code) || this.opOf(feature) || this.#held(feature)) continue;
      this.was.delete(feature);
      this.source.removeFeature(feature);
    }
    for (const feature of fresh) this.was.set(feature, { geometry: feature.getGeometry().clone(), said: feature.get("said") });
    this.source.addFeatures(fresh);
  }

  add(feature) {
    feature.set("said", {});
    this.source.addFeature(feature);
  }

  say(feature, words) {
    feature.set("said", { ...feature.get("said"), ...words });
  }

  saidOf(feature) {
    return feature.get("said") || {};
  }

  /** End a row, or keep it after all; a new one is dropped. */
  retire(feature) {
    if (this.was.has(feature)) feature.set("ended", !feature.get("ended"));
    else this.source.removeFeature(feature);
  }

  /** add, alter, end; empty for a row that is as it was. */
  opOf(feature) {
    const was = this.was.get(feature);
    if (!was) return "add";
    if (feature.get("ended")) return "end";
    const same = same_(feature.getGeometry(), was.geometry) && JSON.stringify(feature.get("said")) === JSON.stringify(was.said);
    return same ? "" : "alter";
  }

  changed() {
    return this.source.getFeatures().filter((feature) => this.opOf(feature));
  }

  // ── undo ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Before a change. */
  mark() {
    this.past.push(this.#now());
    this.future = [];
  }

  /** Back to the last mark, as if nothing had been begun. */
  forget() {
    this.undo();
    this.future.pop();
  }

  canUndo() { return this.past.length > 0; }

  canRedo() { return this.future.length > 0; }

  undo() { return this.#step(this.past, this.future); }

  redo() { return this.#step(this.future, this.past); }

  #now() {
    return this.source.getFeatures().map((feature) => ({
      feature, geometry: feature.getGeometry().clone(), said: feature.get("said"), ended: feature.get("ended"), code: feature.get("code"),
    }));
  }

  #held(feature) {
    return [...this.past, ...this.future].some((moment) => moment.some((one) => one.feature === feature && !same_(one.geometry, this.was.get(feature).geometry)));
  }

  #step(from, to) {
    const moment = from.pop();
    if (!moment) return false;
    to.push(this.#now());
    const there = new Set(moment.map(({ feature }) => feature));
    // A row that came into view since stays; a stroke made since goes.
    for (const feature of this.source.getFeatures()) if (!there.has(feature) && !this.was.has(feature)) this.source.removeFeature(feature);
    for (const { feature, geometry, said, ended, code } of moment) {
      if (!this.source.hasFeature(feature)) this.source.addFeature(feature);
      feature.setGeometry(geometry.clone());
      feature.setProperties({ said, ended, code });
    }
    return true;
  }
}

function same_(one, other) {
  const [a, b] = [one.getFlatCoordinates(), other.getFlatCoordinates()];
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
