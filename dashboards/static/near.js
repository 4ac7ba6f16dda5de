// While a report is written: what is already reported there. Only shown; nothing typed is touched.

const REST = 400; // ms without a change before it is asked

for (const section of document.querySelectorAll("[data-near]")) {
  const form = section.closest("form");
  const field = (name) => form.elements[name]?.value.trim() || "";
  let asked = "", timer;

  const ask = async () => {
    const [category, lon, lat] = ["category", "lon", "lat"].map(field);
    const query = category && lon && lat ? new URLSearchParams({ category, lon, lat, component: field("component") }).toString() : "";
    if (query === asked) return;
    asked = query;
    if (!query) return section.replaceChildren();
    try {
      const answer = await fetch(`${section.dataset.near}?${query}`, { headers: { accept: "text/html" } });
      const text = answer.ok ? await answer.text() : "";
      if (query === asked) section.innerHTML = text; // else a later question is on its way
    } catch {
      asked = ""; // without a line there is nothing to tell; the report goes its way all the same
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, REST);
  };
  for (const kind of ["change", "input", "placed"]) form.addEventListener(kind, soon);
  soon();
}
