// The bell above every page says how many messages are new. It asks once for each page, and whenever the live line of the
// page says that somebody was told something; a page without such a line asks no more, and keeps no session alive.

const count = document.querySelector("[data-bell]");

async function ask() {
  try {
    const answer = await fetch("/messages/unread", { headers: { accept: "application/json" }, redirect: "error" });
    if (!answer.ok) return;
    const { unread } = await answer.json();
    count.textContent = unread >= Number(count.dataset.most) ? `${count.dataset.most}+` : String(unread);
    count.hidden = unread === 0;
  } catch {
    // The page does without it.
  }
}

addEventListener("wangge:told", ask);
ask();
