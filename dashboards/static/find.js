// Where is what the caller says? What stands in the address field is looked up; one of the answers moves the cross there.

for (const box of document.querySelectorAll("[data-find]")) {
  const form = box.closest("form");
  const input = document.getElementById(box.dataset.find);
  const button = box.querySelector("[data-find-go]");
  const hits = box.querySelector("[data-hits]");
  const kinds = JSON.parse(box.dataset.kinds);
  let asked = 0;

  const say = (words) => {
    const line = document.createElement("li");
    line.className = "hint";
    line.append(words);
    hits.replaceChildren(line);
  };
  const choose = ({ lon, lat, name }) => {
    form.elements.lon.value = lon;
    form.elements.lat.value = lat;
    form.elements.lat.dispatchEvent(new Event("change", { bubbles: true })); // the map follows
    say(box.dataset.chosen.replace("%", name));
  };
  const line = (hit) => {
    const item = document.createElement("li");
    const pick = document.createElement("button");
    pick.type = "button";
    pick.className = "btn block";
    const name = document.createElement("b");
    name.append(document.documentElement.lang.startsWith("zh") ? hit.name : hit.name_en || hit.name);
    const kind = document.createElement("span");
    kind.className = "mut sm";
    kind.append(kinds[hit.kind] ?? hit.kind);
    pick.append(name, kind);
    pick.addEventListener("click", () => choose({ ...hit, name: name.textContent }));
    item.append(pick);
    return item;
  };
  const ask = async () => {
    const text = input.value.trim().slice(0, 100);
    if (!text) return input.focus();
    const turn = ++asked;
    try {
      const answer = await fetch(`${box.dataset.source}?${new URLSearchParams({ text })}`, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const { items } = await answer.json();
      if (turn !== asked) return; // a later question is on its way
      if (items.length) hits.replaceChildren(...items.slice(0, 5).map(line));
      else say(box.dataset.none);
    } catch {
      if (turn === asked) say(box.dataset.failed);
    }
  };
  button.addEventListener("click", ask);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // an address that is looked up is not yet a case
    ask();
  });
  box.hidden = false;
}
