// Keys for the desk, and a draft that is kept while somebody types.
// Without this script everything is done with links and buttons.
"use strict";

const PAUSE = 1500;
const rows = () => [...document.querySelectorAll("[data-mention]")];

function go(step) {
  const all = rows();
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.querySelector("a").focus();
}

function press(key) {
  if (key === "/") return search();
  const row = rows().find((one) => one.contains(document.activeElement));
  if (row && key === "d") return row.querySelector("input")?.click();
  // In a list a key is about the mention that has the focus; elsewhere about the only one.
  const button = `[data-key="${key}"]`;
  const found = row ? row.querySelector(button) : document.querySelector(`main form:not(:has([data-mention])) ${button}`);
  if (found?.matches("button, [type=radio]")) found.click();
  found?.focus();
}

function search() {
  const field = document.querySelector('[data-key="/"]');
  field?.closest("details")?.setAttribute("open", "");
  field?.select();
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("textarea, select, input:not([type=checkbox], [type=radio])")) return;
  if (event.key === "j" || event.key === "k") go(event.key === "j" ? 1 : -1);
  else if ("cdr/123456789".includes(event.key)) press(event.key);
  else return;
  event.preventDefault();
});

const form = document.querySelector("[data-draft]");
let waiting;

async function keep() {
  const kept = document.getElementById("kept");
  kept.hidden = false;
  try {
    const body = new URLSearchParams({ draft: form.elements.draft.value });
    // Success leads to this page again, which is not wanted here.
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    const done = answer.type === "opaqueredirect";
    kept.textContent = done
      ? `Kept at ${new Date().toLocaleTimeString()}.`
      : "It was not kept: the mention may be somebody else's by now. Press “Keep the draft” to see why.";
  } catch {
    kept.textContent = "It was not kept: the console did not answer. It is tried again as you type.";
  }
}

form?.elements.draft.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(keep, PAUSE);
});
