// Adds what only the reader's own clock knows: local times, and that a page is out of date.
// Without this script everything is readable, with the time of which it is true on top.
"use strict";

const LIMIT = 30 * 1000;
const live = document.getElementById("live");
let seen = "";
let seenAt = performance.now();

function addLocal(time) {
  const at = new Date(time.dateTime);
  if (!at.getTimezoneOffset() || time.title) return;
  const here = at.toLocaleString(undefined, { hour: "2-digit", minute: "2-digit" });
  time.title = `${here} your time`;
  if (!time.textContent.includes("(")) time.textContent += ` (${here} here)`;
}

function showAge() {
  const connected = live && live.hasAttribute("hx-sse:connect");
  if (!connected) return;
  const asOf = live.querySelector(".as-of time");
  const now = asOf ? asOf.dateTime : live.innerHTML;
  if (now !== seen) {
    seen = now;
    seenAt = performance.now();
  }
  const old = Boolean(asOf) && performance.now() - seenAt > LIMIT;
  document.body.classList.toggle("old", old);
  let notice = document.getElementById("stale");
  if (old && !notice) {
    notice = document.createElement("p");
    notice.id = "stale";
    notice.setAttribute("role", "status");
    notice.textContent =
      "This page has not been refreshed for a while, and may be out of date. It keeps trying; reload it to see more.";
    live.before(notice);
  } else if (!old && notice) {
    notice.remove();
  }
}

function tick() {
  document.querySelectorAll("time[datetime]").forEach(addLocal);
  showAge();
}

tick();
setInterval(tick, 1000);
