// Keyboard shortcuts of lists. They can be turned off where they are listed.
"use strict";

(() => {
  const areOff = () => localStorage.getItem("shortcuts") === "off";
  const isTyping = (target) =>
    target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

  // The candidate whom a key is about: who is opened, or else whose row has the focus.
  function current() {
    if (panel.id()) return document.getElementById("panel");
    return document.activeElement.closest(".candidate");
  }
  function move(step) {
    if (panel.id()) return panel.go(step);
    const all = panel.rows();
    const at = all.indexOf(document.activeElement.closest(".candidate"));
    const row = all[at < 0 ? 0 : at + step];
    row?.querySelector("h2 a").focus();
  }
  function whyNot() {
    const asked = current()?.querySelector(".why-not, [data-key=x]");
    if (!asked) return;
    if (asked.matches("button")) return asked.click();
    asked.open = !asked.open;
    asked.querySelector("summary").focus();
  }
  function leave() {
    const asked = document.querySelector(".why-not[open]");
    if (asked) {
      asked.open = false;
      asked.querySelector("summary").focus();
    } else if (isTyping(document.activeElement)) {
      document.activeElement.blur();
    } else if (panel.id()) {
      panel.close();
    }
  }
  function write() {
    const subject = document.querySelector("#panel #subject");
    subject?.focus();
    subject?.scrollIntoView({ block: "nearest" });
  }

  // Tick the candidate, and write to all who are ticked.
  function tick() {
    const row = panel.id() ? document.getElementById(`c-${panel.id()}`) : current();
    row?.querySelector(".pick input")?.click();
  }
  function message() {
    const bar = document.getElementById("bulk");
    if (panel.id() || !bar?.checkVisibility()) write();
    else bar.querySelector("[value=message]").click();
  }

  // The page's own search, or the one in the header, or where there is one.
  function search() {
    const boxes = [...document.querySelectorAll("#q, #search")];
    const box = boxes.find((one) => one.type === "search" && one.checkVisibility());
    if (box) box.focus();
    else document.querySelector(".site-search-link").click();
  }
  const hasSearch = () => document.querySelector("#q[type=search], .site-search-link");

  // The list of shortcuts over the page, so that nobody loses their place.
  function help() {
    let dialog = document.getElementById("shortcuts");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.id = "shortcuts";
      dialog.setAttribute("aria-labelledby", "shortcuts-title");
      const close = document.createElement("button");
      close.textContent = "Close";
      close.className = "quiet small-button";
      close.addEventListener("click", () => dialog.close());
      dialog.append(document.createElement("div"), close);
      document.body.append(dialog);
      htmx.ajax("GET", "/help/shortcuts", {
        target: "#shortcuts > div", select: "#shortcut-list", swap: "innerHTML",
      });
    }
    dialog.showModal();
  }
  function offer(root) {
    root.querySelectorAll("[data-shortcuts]").forEach((button) => {
      const say = () => { button.textContent = areOff() ? "Turn shortcuts on" : "Turn shortcuts off"; };
      button.hidden = false;
      button.onclick = () => {
        if (areOff()) localStorage.removeItem("shortcuts");
        else localStorage.setItem("shortcuts", "off");
        say();
      };
      say();
    });
  }
  document.addEventListener("DOMContentLoaded", () => offer(document));
  document.addEventListener("htmx:load", (event) => offer(event.target));

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    o: () => document.activeElement.closest(".candidate")?.querySelector("h2 a").click(),
    s: () => current()?.querySelector("[data-key=s]")?.click(),
    x: whyNot,
    v: tick,
    m: message,
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (panel.box() && event.key === "Escape") return leave();
    if (areOff() || isTyping(event.target)) return;
    const key = CSS.escape(event.key);
    const reason = document.querySelector(`.why-not[open] [data-key="${key}"]`);
    const begin = document.querySelector(`:is(#panel, .bulk) [data-template="${key}"]`);
    const button = reason ?? begin;
    const inList = panel.box() ? KEYS[event.key] : undefined;
    const everywhere = { "?": help, "/": hasSearch() ? search : undefined }[event.key];
    const press = everywhere ?? (button ? () => button.click() : inList);
    if (!press) return;
    event.preventDefault();
    press();
  });
})();
