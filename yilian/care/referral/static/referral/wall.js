/* The wall by itself: says when what it shows is old, and shows nothing once the session is over. */
(() => {
  "use strict";
  const { body } = document;
  const OLD = 75000; /* two rounds of the clock, and some */
  const stale = document.querySelector("[data-stale]");
  const words = stale.textContent;
  let heard = Date.now();

  body.addEventListener("htmx:beforeOnLoad", (event) => {
    const { status } = event.detail.xhr;
    if (status !== 401 && status !== 403) return;
    event.preventDefault();
    location.replace(body.dataset.ended);
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    heard = Date.now();
    stale.hidden = true;
  });
  setInterval(() => {
    if (Date.now() - heard < OLD) return;
    stale.textContent = words.replace("{at}", document.getElementById("wall").dataset.at);
    stale.hidden = false;
  }, 5000);
})();
