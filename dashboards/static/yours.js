// What a citizen typed is shown to them once, after it was sent. Everybody with the receipt may open its page: the words
// never come from the server, they wait in this tab alone and go as they are shown.

const KEY = "yours";
const form = document.querySelector("form[data-yours]");
const mine = document.querySelector("[data-mine]");

function keep() {
  const words = { address: form.elements.address.value.trim(), description: form.elements.description.value.trim() };
  sessionStorage.setItem(KEY, JSON.stringify(words));
}

function show() {
  const words = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  sessionStorage.removeItem(KEY);
  for (const place of mine.querySelectorAll("[data-of]")) {
    const said = words[place.dataset.of];
    if (!said) continue;
    place.textContent = said;
    place.parentElement.hidden = false;
    mine.hidden = false;
  }
}

try {
  if (form) {
    sessionStorage.removeItem(KEY); // of a try that was refused
    form.addEventListener("submit", () => {
      try {
        keep();
      } catch {
        // a browser that keeps nothing sends all the same
      }
    });
  } else if (mine) show();
} catch {
  // no storage: the receipt stands without them
}
