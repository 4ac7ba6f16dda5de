// What every page has: selects one can search, forms that are sent once, focus on what went wrong.

import "./files.js";

const MOST = 40;

/** Put a search box before a long select; the select stays the one that is sent. Matches name, code or group. */
function searchable(select) {
  const options = [...select.options].filter((o) => o.value);
  const box = document.createElement("div");
  box.className = "finder";
  const input = document.createElement("input");
  input.className = "inp";
  input.type = "text";
  input.placeholder = select.dataset.search;
  input.autocomplete = "off";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-autocomplete", "list");
  input.id = `${select.id}-find`;
  const list = document.createElement("ul");
  list.setAttribute("role", "listbox");
  list.id = `${select.id}-list`;
  list.hidden = true;
  input.setAttribute("aria-controls", list.id);
  box.append(input, list);
  select.before(box);
  select.hidden = true;
  input.required = select.required;
  select.required = false;
  const label = document.querySelector(`label[for="${select.id}"]`);
  if (label) label.htmlFor = input.id;
  let here = -1;

  const shown = (option) => (option && option.value ? option.textContent.trim().replace(/\s{2,}/, " ") : "");
  const settle = () => {
    input.value = shown(select.selectedOptions[0]);
    close();
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    here = -1;
  };
  const choose = (option) => {
    select.value = option.value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    settle();
  };
  const open = (query) => {
    const words = query.trim().toLowerCase();
    const found = options.filter((o) => !words || `${o.textContent} ${o.value} ${o.parentElement.label || ""}`.toLowerCase().includes(words));
    list.replaceChildren(
      ...found.slice(0, MOST).map((option) => {
        const item = document.createElement("li");
        item.setAttribute("role", "option");
        item.append(shown(option));
        if (option.parentElement.label) {
          const group = document.createElement("span");
          group.className = "mut xs";
          group.append(option.parentElement.label);
          item.append(group);
        }
        item.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          choose(option);
        });
        return item;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!!found.length));
    here = -1;
    return found;
  };
  const mark = (step) => {
    const items = [...list.children];
    if (!items.length) return;
    items[here]?.removeAttribute("aria-selected");
    here = (here + step + items.length) % items.length;
    items[here].setAttribute("aria-selected", "true");
    items[here].scrollIntoView({ block: "nearest" });
  };

  input.addEventListener("focus", () => {
    input.select();
    open("");
  });
  input.addEventListener("input", () => {
    if (!input.value) select.value = "";
    open(input.value);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open(input.value);
      mark(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      const item = list.children[Math.max(here, 0)];
      item?.dispatchEvent(new PointerEvent("pointerdown"));
    } else if (event.key === "Escape") {
      settle();
    }
  });
  input.addEventListener("blur", () => {
    if (input.value) settle();
    else {
      select.value = "";
      close();
    }
  });
  settle();
}

for (const select of document.querySelectorAll("select[data-search]")) searchable(select);

// A second press must not send a second time; the form's own id would catch it, but the wait should be seen.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => {
      for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
    });
  });
}
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

// Menus of the top bar close when something else is meant.
const menus = () => document.querySelectorAll(".top details[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});

document.querySelector("[data-focus]")?.focus();

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
