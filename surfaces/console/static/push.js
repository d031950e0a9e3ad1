// Subscribes this browser to notifications: asks the person, then the browser, then sends the form.
const form = document.querySelector("form[data-push]");
const said = document.getElementById("push-said");

const ON_A_PHONE = "On an iPhone or iPad, add the console to the home screen first and open it from there.";
const SAID = {
  none: ["This browser receives no notifications of pages at this address.", `Use another browser, and the console's own address with HTTPS. ${ON_A_PHONE}`],
  denied: ["You have not allowed notifications of this page.", "Allow them in the settings of the browser for this page, then press the button again."],
  AbortError: ["The browser's push service cannot be reached, or is switched off.", "See whether you are online, or use another browser."],
};

function tell(name) {
  const [what, next] = SAID[name] ?? [`The browser could not subscribe (${name}).`, "Try another browser."];
  const box = Object.assign(document.createElement("div"), { className: "told" });
  box.dataset.state = "problem";
  for (const [part, text] of [["what", what], ["", "Nothing was changed."], ["next", next]]) {
    box.append(Object.assign(document.createElement("p"), { className: part, textContent: text }));
  }
  said.replaceChildren(box);
}

function active(registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker.state === "activated") return null;
  return new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
}

async function subscribe() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) throw { name: "none" };
  if ((await Notification.requestPermission()) !== "granted") throw { name: "denied" };
  const registration = await navigator.serviceWorker.register(form.dataset.worker);
  await active(registration);
  // One that was made for another key would be refused.
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: form.dataset.push });
}

let busy = false;
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  busy = true;
  try {
    const { endpoint, keys } = (await subscribe()).toJSON();
    for (const [name, value] of Object.entries({ endpoint, ...keys })) {
      if (form.elements[name]) form.elements[name].value = value;
    }
    form.submit();
  } catch (error) {
    tell(error.name);
  } finally {
    busy = false;
  }
});
