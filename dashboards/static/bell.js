// The bell above every page says how many messages are new. It asks once for each page, and whenever the live line of the
// page says that somebody was told something; a page without such a line asks no more, and keeps no session alive.

const count = document.querySelector("[data-bell]");
const REST = 1000; // ms in which several messages are one question; many pages hear of one at once, and do not ask at once

let due = null;
let asked = 0;

async function ask() {
  due = null;
  const mine = ++asked;
  try {
    const answer = await fetch("/messages/unread", { headers: { accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return;
    const { unread, most } = await answer.json();
    if (mine !== asked) return; // a later question is on its way
    count.textContent = unread < most ? String(unread) : `${most}+`;
    count.hidden = unread === 0;
  } catch {
    // The page does without it.
  }
}

addEventListener("wangge:told", () => {
  due ??= setTimeout(ask, REST * Math.random());
});
ask();
