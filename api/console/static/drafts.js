// What is typed to a candidate is kept in this browser until it is sent: see decision 23.
"use strict";

(() => {
  const HOURS = 8;  // as long as a session lasts
  const KEPT = ["subject", "text"];
  const PREFIX = "draft:";
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const forget = (path) => localStorage.removeItem(PREFIX + path);
  const forgetAll = () => keys().forEach((key) => localStorage.removeItem(key));
  const actor = () => document.body.dataset.actor;

  function read(path) {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + path));
    } catch {
      return null;
    }
  }
  // Nobody else's words, and none of a session that is over.
  function tidy() {
    if (!actor()) return;
    for (const key of keys()) {
      const draft = read(key.slice(PREFIX.length));
      const isOver = !draft || Date.now() - draft.at > HOURS * 3_600_000;
      if (isOver || draft.by !== actor()) localStorage.removeItem(key);
    }
  }

  function keep(form) {
    const typed = KEPT.map((name) => form.elements[name].value);
    if (typed.join("").trim()) {
      const draft = { by: actor(), at: Date.now(), typed };
      localStorage.setItem(PREFIX + form.dataset.draft, JSON.stringify(draft));
    } else {
      forget(form.dataset.draft);
    }
  }
  function restore(form) {
    if (form.dataset.restored) return;
    form.dataset.restored = "yes";
    const isTyped = KEPT.some((name) => form.elements[name].value);
    if (isTyped) return keep(form);
    const draft = read(form.dataset.draft);
    if (!draft || draft.by !== actor()) return;
    KEPT.forEach((name, at) => { form.elements[name].value = draft.typed[at]; });
    const said = form.querySelector(".draft-said");
    const discard = document.createElement("button");
    discard.type = "button";
    discard.className = "quiet small-button";
    discard.textContent = "Discard";
    discard.addEventListener("click", () => {
      KEPT.forEach((name) => { form.elements[name].value = ""; });
      forget(form.dataset.draft);
      said.hidden = true;
      form.elements.subject.focus();
    });
    said.replaceChildren("Your draft is restored. ", discard);
    said.hidden = false;
  }
  function look(root) {
    root.querySelectorAll("form[data-draft]").forEach(restore);
    const written = root.closest?.("[data-written]") ?? root.querySelector("[data-written]");
    if (written) forget(written.dataset.written);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-draft]");
    if (form) keep(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("action") === "/sign-out") forgetAll();
    // A page that was refused keeps what was typed again.
    if (event.submitter?.value === "send" && !form.hasAttribute("hx-post")) {
      forget(new URL(form.action).pathname);
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    tidy();
    look(document);
  });
  document.addEventListener("htmx:load", (event) => look(event.target));
  document.addEventListener("htmx:responseError", (event) => {
    const part = new URL(event.detail.xhr.responseURL).pathname;
    if (event.detail.xhr.status === 404) forget(part.replace(/\/panel$/, ""));
  });
})();
