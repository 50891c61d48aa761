/* Without a line a page cannot be had: then this says so, in our words instead of the browser's.

   It keeps the page that says so and what that page looks like, and nothing else: no page with
   a person on it is ever kept, and no answer of the server is ever changed. */
"use strict";
const KEPT = "yilian-offline-1";
const PAGE = "/offline";
const LOOKS = ["/static/yilian.css", "/static/yilian.js", "/static/drafts.js", "/static/django_htmx/htmx-2.min.js", "/static/mark.svg"];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll([PAGE, ...LOOKS].map((url) => new Request(url, { cache: "reload", credentials: "omit" })))));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([
    self.clients.claim(),
    caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)))),
  ]));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const isPage = request.mode === "navigate";
  const isLook = LOOKS.includes(new URL(request.url).pathname);
  if (isPage) event.respondWith(fetch(request).catch(() => caches.match(PAGE)));
  else if (isLook) event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
});
