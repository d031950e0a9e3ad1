// Forms that a passkey signs: ask the console what to sign, the browser to sign it, then send both.
// Without this script, or where the browser cannot, the page shows why instead of the buttons.
const { browserSupportsWebAuthn, startAuthentication, startRegistration } = SimpleWebAuthnBrowser;
const root = document.documentElement;
root.dataset.passkeys = browserSupportsWebAuthn() ? "yes" : "no";
// What the console has refused counts as a failure, too: it brings the buttons that go without.
if (document.getElementById("refusal")) root.dataset.failed = "";

const NOTHING = "Nothing was done.";
const AGAIN = "Press the button again, and answer what the browser asks.";
const SAID = {
  NotAllowedError: ["The browser did not sign: it was cancelled, it took too long, or this device has no passkey of yours.", AGAIN],
  AbortError: ["The browser did not sign: it was cancelled.", AGAIN],
  InvalidStateError: ["This device has a passkey of yours already.", "Use that one, or another device."],
  NotSupportedError: ["This device has no passkey of a kind that can be used here.", "Use another device or security key."],
  SecurityError: ["The browser uses no passkeys at this address.", "Open the console by the address that its own pages show."],
  TypeError: ["The console did not answer.", "See whether you are online, then press the button again."],
};

async function ask(address, typed) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(typed) });
  const json = answer.headers.get("content-type")?.startsWith("application/json");
  const said = json ? await answer.json() : { what: await answer.text(), means: "", next: "" };
  if (!answer.ok) throw { said };
  return said;
}

function show({ what, means, next, href, words }, form) {
  document.getElementById("refusal")?.remove();
  const box = document.createElement("div");
  Object.assign(box, { id: "refusal", className: "told", role: "alert", tabIndex: -1 });
  box.dataset.state = "refused";
  for (const [name, text] of [["what", what], ["", means], ["next", next]]) {
    if (text) box.append(Object.assign(document.createElement("p"), { className: name, textContent: text }));
  }
  if (href) box.append(Object.assign(document.createElement("a"), { className: "button", href, textContent: words }));
  // Before the live region, which is replaced all the time.
  (form.closest("#live") ?? form).before(box);
  box.focus();
}

function send(action, values) {
  const form = Object.assign(document.createElement("form"), { method: "post", action, hidden: true });
  for (const [name, value] of values) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}

let busy = false;
document.addEventListener("submit", async (event) => {
  const form = event.target, pressed = event.submitter;
  const makes = form.dataset.passkey;
  if (!makes || root.dataset.passkeys !== "yes" || pressed?.matches(".without")) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  const typed = new FormData(form);
  if (pressed?.name) typed.append(pressed.name, pressed.value);
  try {
    const { options, token } = await ask(form.dataset.asks, typed);
    const start = makes === "new" ? startRegistration : startAuthentication;
    const answer = await start({ optionsJSON: options });
    send(form.action, [...typed, ["token", token], ["answer", JSON.stringify(answer)]]);
  } catch (error) {
    // What the console itself refuses, it would refuse without a passkey, too.
    if (!error.said) root.dataset.failed = "";
    const [what, next] = SAID[error.name] ?? [`The browser could not sign (${error.name}).`, "Try another device or browser."];
    show(error.said ?? { what, means: NOTHING, next }, document.contains(form) ? form : document.getElementById("live") ?? document.querySelector("main"));
  } finally {
    busy = false;
  }
});
