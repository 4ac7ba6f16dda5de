// On duty: where the inspector is, now and then, kept on the telephone until the centre has it. Off duty the device is
// not asked. The switch stands on /field; the other pages of the inspector go on with what it said.

const EVERY = 120000; // ms between two positions: a shift long on one battery
const MOST = 500; // positions kept and sent at once; a shift of sixteen hours has fewer
const MARK = "wangge.duty";

const person = document.body.dataset.person;
const csrf = document.querySelector("[name=csrf]")?.value ?? "";
const KEPT = `wangge.fixes.${person}`;

const read = (name, empty) => JSON.parse(localStorage.getItem(name) ?? "null") ?? empty;
const write = (name, content) => localStorage.setItem(name, JSON.stringify(content));
const section = () => document.querySelector("[data-duty]");

/** What the page knows of the shift: its end at the latest, and how far the centre's clock is before this one. */
function settle() {
  const here = section();
  if (!here) return;
  const until = Number(here.dataset.duty);
  if (until) write(MARK, { person, until, ahead: Number(here.dataset.now) - Date.now(), away: read(MARK, {}).away });
  else localStorage.removeItem(MARK);
}

/** The shift under way, of the person who is logged in; none once he has switched off without a network. */
function shift() {
  const mark = read(MARK, {});
  return mark.person === person && !mark.away && Date.now() + mark.ahead < mark.until ? mark : null;
}

function say(word, values = {}) {
  const line = section()?.querySelector("[data-said]");
  if (!line) return;
  line.textContent = Object.entries(values).reduce((text, [name, given]) => text.replace(`%${name}`, given), line.dataset[word]);
}

function take(at) {
  const mark = shift();
  if (!mark) return;
  const { longitude: x, latitude: y, accuracy } = at.coords;
  const fix = { at: new Date(Date.now() + mark.ahead).toISOString(), x, y, accuracy_m: Math.min(accuracy, 100000) };
  write(KEPT, [...read(KEPT, []), fix].slice(-MOST));
  send();
}

async function send() {
  const fixes = read(KEPT, []);
  if (!fixes.length) return;
  try {
    const answer = await fetch("/api/v1/track", {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf": csrf },
      body: JSON.stringify({ fixes }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const last = fixes.at(-1).at;
    write(KEPT, read(KEPT, []).filter((fix) => fix.at > last));
    const clock = { hour: "2-digit", minute: "2-digit", timeZone: section()?.dataset.zone };
    say("sent", { time: new Date(last).toLocaleTimeString(document.documentElement.lang, clock) });
  } catch {
    say("waiting", { n: read(KEPT, []).length });
  }
}

function look() {
  if (!shift()) return;
  navigator.geolocation.getCurrentPosition(take, () => say("denied"), { maximumAge: EVERY / 2, timeout: 30000 });
}

settle();
send(); // what an earlier page could not
if (!window.isSecureContext || !navigator.geolocation) {
  if (shift()) say("insecure");
} else {
  look();
  setInterval(look, EVERY);
}
window.addEventListener("online", send);

// Without a network the centre cannot be told; the device is left alone all the same.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-duty] form")) return;
  const mark = read(MARK, {});
  if (mark.person === person && !navigator.onLine) {
    event.preventDefault();
    write(MARK, { ...mark, away: true });
    say("away");
  } else localStorage.removeItem(MARK);
});
