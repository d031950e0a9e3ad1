// Adds what only the reader's own clock knows: local times, and that a page is out of date.
// Without this script everything is readable, with the time of which it is true beside the state.
"use strict";

const LIMIT = 5 * 60 * 1000;
const EVERY = 30 * 1000;

const page = document.body.dataset;
const find = (name) => document.querySelector(`[data-${name}]`);
const state = find("state");
const word = find("word");
const shownWord = word && word.textContent;
const shownState = state && state.dataset.state;

let trueAt = Date.parse(page.generatedAt);
let seenAt = performance.now();

function utc(at) {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

function local(at) {
  if (new Date(at).getTimezoneOffset() === 0) return "";
  const options = { hour: "2-digit", minute: "2-digit" };
  const here = new Date(at);
  const there = new Date(at + here.getTimezoneOffset() * 60000);
  if (here.getDate() !== there.getDate()) Object.assign(options, { day: "numeric", month: "short" });
  return ` (${here.toLocaleString(undefined, options)} your time)`;
}

function addLocal(time) {
  const words = local(Date.parse(time.dateTime));
  if (!words) return;
  const beside = document.createElement("span");
  beside.className = "local";
  beside.textContent = words.trim();
  time.after(" ", beside);
}

function isStale() {
  // A clock that is slow cannot be trusted alone: what was not confirmed for so long is old.
  return Date.now() - trueAt > LIMIT || performance.now() - seenAt > LIMIT;
}

function showAge() {
  const stale = find("stale");
  if (!stale) return;
  const old = isStale();
  if (old === !stale.hidden) return;
  stale.hidden = !old;
  stale.textContent = old
    ? `Not refreshed since ${utc(trueAt)}${local(trueAt)}. What is shown may be out of date.`
    : "";
  document.body.classList.toggle("old", old);
  if (!state) return;
  // A problem stays in sight; "all is well" must not, once nobody has confirmed it.
  const hide = old && shownState === "none";
  state.dataset.state = hide ? "unknown" : shownState;
  word.textContent = hide ? "Current state unknown" : shownWord;
  const shape = state.querySelector(".shape");
  shape.dataset.shape = state.dataset.state;
  shape.firstElementChild.setAttribute("href", `#shape-${state.dataset.state}`);
}

function showDue() {
  for (const promise of document.querySelectorAll("[data-due]")) {
    if (Date.now() < Date.parse(promise.dataset.due)) continue;
    promise.querySelector("[data-due-words]").textContent = "Next update was due by";
  }
}

function confirm(newest) {
  const at = Date.parse(newest.generated_at);
  if (newest.content !== page.content) {
    // What is newer than the page cannot confirm it; what is older says nothing about it.
    if (newest.snapshot > Number(page.snapshot)) find("news").hidden = false;
    return;
  }
  if (at <= trueAt) return;
  trueAt = at;
  seenAt = performance.now();
  const asOf = find("as-of");
  if (!asOf) return;
  asOf.dateTime = newest.generated_at;
  asOf.textContent = utc(at);
  const beside = asOf.nextElementSibling;
  if (beside && beside.className === "local") beside.textContent = local(at).trim();
}

async function look() {
  try {
    const answer = await fetch(`${page.root}api/v2/status.json`, { cache: "no-cache" });
    if (answer.ok) confirm(await answer.json());
  } catch {
    // Not reachable from here: the age of the page says enough.
  }
  showAge();
  showDue();
}

document.querySelectorAll("time:not([data-day])").forEach(addLocal);
showAge();
showDue();
setInterval(look, EVERY);
look();
document.addEventListener("visibilitychange", () => document.hidden || look());
