// Lists that keep themselves fresh: the feed says that something happened, the page's own list is then asked for again.
// The dot tells how old what is shown may be; without a connection it says of when the data are. Who is fed no news, as
// an inspector, whose tasks alone are his to see, has the list asked for again while it is looked at.

const main = document.querySelector("main[data-live]");
const dot = document.querySelector("[data-dot]");
const REST = 1500; // ms between two loads of the list
const LONGEST = 30000; // ms between two tries to connect
const LOOK = 30000; // ms between two loads where no news is fed
const UNFED = 4403;

let token = main.dataset.live;
let wait = 1000;
let due = null;
let heard = Date.now();
let unfed = false;
let before = false; // there was a line: rows are caught up with by the token, what was told meanwhile is asked for

function show(kind, words) {
  dot.hidden = false;
  dot.className = `dot dot-${kind}`;
  dot.textContent = words;
}

async function reload() {
  due = null;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    if (unfed) dot.hidden = true;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main[data-live]");
    if (fresh) main.replaceChildren(...fresh.children);
  } catch {
    show("delayed", dot.dataset.wait);
  }
}

/** Nobody looks at a hidden page: it asks for nothing, and keeps no session alive. */
function look() {
  unfed = true;
  dot.hidden = true;
  const again = () => {
    if (document.visibilityState !== "visible") return;
    reload();
    dispatchEvent(new Event("wangge:told"));
  };
  setInterval(again, LOOK);
  document.addEventListener("visibilitychange", again);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/live?after=${encodeURIComponent(token)}`);
  socket.addEventListener("message", (event) => {
    const news = JSON.parse(event.data);
    token = news.token;
    heard = Date.now();
    wait = 1000;
    show("live", dot.dataset.on);
    if (news.told) dispatchEvent(new Event("wangge:told"));
    if ((news.reload || news.rows?.length) && due === null) due = setTimeout(reload, REST);
  });
  socket.addEventListener("open", () => {
    show("live", dot.dataset.on);
    if (before) dispatchEvent(new Event("wangge:told"));
    before = true;
  });
  socket.addEventListener("close", (event) => {
    if (event.code === UNFED) return look();
    show("off", dot.dataset.off);
    if (event.code === 4401) location.reload();
    else setTimeout(connect, wait + Math.random() * 500);
    wait = Math.min(wait * 2, LONGEST);
  });
}

setInterval(() => {
  if (Date.now() - heard > 45000 && dot.classList.contains("dot-live")) show("delayed", dot.dataset.wait);
}, 5000);
connect();
