// A department's page that shows no list of its own still says that somebody is there: the open connection is the sign.

const LONGEST = 30000; // ms between two tries to connect
const OVER = [4401, 4403];

let wait = 1000;
let before = false; // there was a line, and on another one nobody knows what was told meanwhile

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.addEventListener("open", () => {
    wait = 1000;
    if (before) dispatchEvent(new Event("wangge:told"));
    before = true;
  });
  socket.addEventListener("message", (event) => {
    if (JSON.parse(event.data).told) dispatchEvent(new Event("wangge:told"));
  });
  socket.addEventListener("close", (event) => {
    if (OVER.includes(event.code)) return;
    setTimeout(connect, wait + Math.random() * 500);
    wait = Math.min(wait * 2, LONGEST);
  });
}

if (!document.querySelector("main[data-live]")) connect();
