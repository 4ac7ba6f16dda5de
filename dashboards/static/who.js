// On the map: who answers here? The form waits beside a place that was chosen; its answer stands below it.

const form = document.querySelector("form[data-who]");

/** Offer the question for a place (degrees); the answer to the one before is taken away. */
export function offerWho([lon, lat]) {
  form.elements.lon.value = lon.toFixed(7);
  form.elements.lat.value = lat.toFixed(7);
  form.hidden = false;
  form.querySelector("[data-said]").replaceChildren();
  if (form.elements.category.value) form.requestSubmit();
}

/** Nothing to ask: something else was chosen. */
export function hideWho() {
  form.hidden = true;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = form.querySelector("[data-said]");
  const query = new URLSearchParams(new FormData(form)).toString();
  form.dataset.asked = query;
  try {
    const answer = await fetch(`/who/answer?${query}`, { headers: { accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.status);
    const text = await answer.text();
    if (form.dataset.asked === query) said.innerHTML = text; // else a later question is on its way
  } catch {
    said.textContent = form.dataset.unavailable;
  }
});
