// Lists that keep themselves up to date.
"use strict";

// What asks for news does so only while somebody looks.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-while-seen]")) event.preventDefault();
});

// Learning goes on while somebody reads: who has come to stand further down is not shown again.
document.addEventListener("htmx:load", () => {
  const seen = new Set();
  document.querySelectorAll(".candidate").forEach((card) => {
    if (seen.has(card.id)) card.remove();
    seen.add(card.id);
  });
});
