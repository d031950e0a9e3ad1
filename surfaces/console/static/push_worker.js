// Shows what was pushed to this browser. It holds a title, a line and a link, and nothing to act by.
self.addEventListener("push", (event) => {
  const told = event.data.json();
  const shown = { body: told.body, tag: told.url, renotify: true, requireInteraction: true, data: told.url };
  event.waitUntil(self.registration.showNotification(told.title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data, self.location.origin);
  // Only pages of the console itself.
  if (url.origin === self.location.origin) event.waitUntil(self.clients.openWindow(url.href));
});
