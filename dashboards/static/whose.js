// While a return is being written: what the rules say of the facts as they now stand in the form. Without this module the
// form shows what they said of the case, and the centre sees the rest.

const WAIT = 350;

function watch(box) {
  const form = box.closest("form");
  const said = box.querySelector("[data-says] span");
  const own = document.documentElement.lang.startsWith("zh") ? "unit_name" : "unit_name_en";
  let timer = 0;
  let latest = 0;

  const ask = async () => {
    const turn = ++latest;
    const query = new URLSearchParams();
    for (const name of ["category", "component", "lon", "lat"]) {
      const value = form.elements[name]?.value.trim();
      if (value) query.set(name, value);
    }
    const answer = await fetch(`/api/v1/cases/${encodeURIComponent(box.dataset.whose)}/whose?${query}`);
    if (turn !== latest) return; // something was typed meanwhile
    const found = await answer.json();
    if (!answer.ok) {
      said.textContent = (document.documentElement.lang.startsWith("zh") && found.title_zh) || found.title || box.dataset.nobody;
      return;
    }
    said.textContent = found.unit ? box.dataset.said.replace("%u", found[own]).replace("%r", found.rule) : box.dataset.nobody;
    if (found.same) said.textContent += ` ${box.dataset.same}`;
    if (found.unit && !found.same) suggest(found);
  };

  // Only into fields that are still empty: what was typed is never replaced.
  const suggest = (found) => {
    const { clause, whose } = form.elements;
    if (clause && !clause.value) clause.value = found.rule;
    if (whose && !whose.value) {
      whose.value = found.unit;
      const finder = document.getElementById(`${whose.id}-find`);
      if (finder) finder.value = found[own];
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), WAIT);
  };
  box.addEventListener("input", soon);
  box.addEventListener("change", soon);
}

for (const box of document.querySelectorAll("[data-whose]")) watch(box);
