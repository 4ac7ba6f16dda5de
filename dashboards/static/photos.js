// Photos go up by themselves as soon as they are chosen; the form then names them by their hash. Without this module the
// form carries the files. Nothing is taken away before the server has it.

function csrf(field) {
  return field.closest("form").elements.csrf?.value ?? "";
}

function send(file, token, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/photos");
    request.responseType = "json";
    request.setRequestHeader("content-type", "application/octet-stream");
    if (token) request.setRequestHeader("x-csrf", token);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(Math.round((100 * event.loaded) / event.total));
    });
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(request.response.sha256);
      else reject(new Error(request.response?.[document.documentElement.lang.startsWith("zh") ? "title_zh" : "title"] ?? String(request.status)));
    });
    request.addEventListener("error", () => reject(new Error("–")));
    request.send(file);
  });
}

function attach(field) {
  const input = field.querySelector("input[type=file]");
  const list = field.querySelector(".shots");
  const take = field.querySelector("[data-take]");
  take.hidden = false;
  input.classList.add("sr");
  const needed = "needed" in field.dataset;
  const most = Number(field.dataset.most);
  let underway = 0;
  const form = field.closest("form");

  const settle = () => {
    const arrived = list.querySelectorAll("input[name=photos]").length;
    input.required = needed && !arrived;
    input.disabled = arrived + underway >= most;
    take.hidden = input.disabled;
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = underway > 0;
    if (!list.querySelector("[data-failed]")) field.querySelector("[data-stays]")?.remove();
  };

  const removal = (item) => {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn quiet";
    remove.textContent = field.dataset.remove;
    remove.addEventListener("click", () => {
      item.remove();
      settle();
    });
    item.append(remove);
    return remove;
  };

  const add = async (file) => {
    const item = document.createElement("li");
    item.className = "shot-in";
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(file);
    picture.alt = "";
    const said = document.createElement("span");
    said.className = "grow";
    item.append(picture, said);
    const remove = removal(item);
    list.append(item);
    await tryOnce(file, item, said, remove);
  };

  const tryOnce = async (file, item, said, remove) => {
    underway += 1;
    remove.hidden = true;
    delete item.dataset.failed;
    settle();
    try {
      said.textContent = field.dataset.sending.replace("%", "0");
      const sha256 = await send(file, csrf(field), (p) => (said.textContent = field.dataset.sending.replace("%", p)));
      const hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = "photos";
      hidden.value = sha256;
      item.append(hidden);
      said.textContent = `${field.dataset.sentWord} ${sha256.slice(0, 6)}`;
      said.classList.add("ok");
    } catch (error) {
      item.dataset.failed = "";
      said.textContent = field.dataset.failed.replace("%", error.message);
      const again = document.createElement("button");
      again.type = "button";
      again.className = "btn";
      again.textContent = field.dataset.retry;
      again.addEventListener("click", () => {
        again.remove();
        tryOnce(file, item, said, remove);
      });
      item.append(again);
    } finally {
      underway -= 1;
      remove.hidden = false;
      settle();
    }
  };

  const takeIn = () => {
    const room = most - list.children.length;
    for (const file of [...input.files].slice(0, room)) add(file);
    input.value = "";
  };
  const stay = () => {
    const left = document.createElement("p");
    left.className = "msg";
    left.dataset.stays = "";
    left.tabIndex = -1;
    left.setAttribute("role", "alert");
    left.textContent = field.dataset.left;
    field.querySelector("[data-stays]")?.remove();
    list.after(left);
    left.focus();
  };
  // Before anything else hears of it: a photo that did not arrive is never left behind without a word.
  document.addEventListener("submit", (event) => {
    if (event.target !== form || !list.querySelector("[data-failed]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    stay();
  }, true);
  for (const item of list.children) removal(item); // of a form that came back
  input.addEventListener("change", takeIn);
  settle();
  if (input.files.length) takeIn(); // chosen before this module was there
}

for (const field of document.querySelectorAll("[data-photos]")) attach(field);
