// Lists that keep themselves up to date.
"use strict";

// Polling stops while the page is hidden, and for good once it is refused.
document.addEventListener("htmx:beforeRequest", (event) => {
  const asker = event.target;
  if (!asker.matches("[data-while-seen]")) return;
  if (document.hidden || asker.dataset.refused) event.preventDefault();
});
document.addEventListener("htmx:responseError", (event) => {
  const asker = event.target;
  const { status } = event.detail.xhr;
  if (!asker.matches("[data-while-seen]") || status === 429 || status >= 500) return;
  asker.dataset.refused = "yes";
  const said = document.querySelector("#updates, #heard");
  if (said) said.textContent = "This page is no longer kept up to date. Load it again.";
});

// Learning goes on while somebody reads: who has come to stand further down is not shown again.
document.addEventListener("htmx:load", () => {
  const seen = new Set();
  document.querySelectorAll(".candidate").forEach((card) => {
    if (seen.has(card.id)) card.remove();
    seen.add(card.id);
  });
});

// How long until a message leaves, beside when.
setInterval(() => {
  document.querySelectorAll("[data-countdown]").forEach((time) => {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    time.dataset.left = seconds > 0 ? `in ${seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}` : "now";
  });
}, 500);

// Times are typed in the time zone of the browser.
function ownZones() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.querySelectorAll("[data-own-zone]").forEach((input) => {
    if (input.value === "UTC" && !input.dataset.asked) input.value = zone;
    input.dataset.asked = "yes";
  });
}
document.addEventListener("DOMContentLoaded", ownZones);
document.addEventListener("htmx:load", ownZones);
