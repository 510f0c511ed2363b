// A candidate is opened beside the list. Without scripts their name leads to a page of its own.
"use strict";

const panel = (() => {
  const box = () => document.getElementById("panel-box");
  const rows = () => [...document.querySelectorAll("#cards > .candidate")];
  const id = () => new URL(location).searchParams.get("open");
  const covers = matchMedia("(max-width: 59.99rem)");
  let wantsNext = false;

  function addressOf(candidate) {
    const url = new URL(location);
    for (const said of ["after", "notice", "decided"]) url.searchParams.delete(said);
    if (candidate) url.searchParams.set("open", candidate);
    else url.searchParams.delete("open");
    url.hash = "";
    return url;
  }

  // Who is opened, in the list and in the bar; what the panel covers is out of reach.
  function mark() {
    const opened = id();
    box().hidden = !opened;
    for (const row of rows()) {
      const isIt = row.id === `c-${opened}`;
      row.classList.toggle("opened", isIt);
      const link = row.querySelector("h2 a");
      if (isIt) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const covered of document.querySelectorAll(".top, .of-position, .tabs, .listed, .about-list")) {
      covered.inert = Boolean(opened) && covers.matches;
    }
    disable("panel-previous", !beside(-1));
    disable("panel-next", !beside(1) && !document.querySelector("#more a[hx-get]"));
  }
  function disable(button, isDisabled) {
    const link = document.getElementById(button);
    if (isDisabled) link.setAttribute("aria-disabled", "true");
    else link.removeAttribute("aria-disabled");
  }

  function beside(step) {
    const all = rows();
    let at = all.findIndex((row) => row.id === `c-${id()}`) + step;
    while (all[at] && all[at].matches(".gone, :has(.left:not([hidden]))")) at += step;
    return all[at];
  }

  // There is something to see at once; the rest follows.
  function load() {
    const opened = id();
    // Only now, not whenever something changes: else the list could not be scrolled.
    if (!covers.matches) document.getElementById(`c-${opened}`)?.scrollIntoView({ block: "nearest" });
    const place = document.getElementById("panel");
    const name = document.querySelector(`#c-${CSS.escape(opened)} h2`);
    if (name && place.dataset.shows !== opened) {
      const head = document.createElement("h2");
      head.textContent = name.textContent;
      place.replaceChildren(head);
      box().scrollTop = 0;
    }
    place.dataset.shows = opened;
    place.setAttribute("aria-busy", "true");
    const { pathname, search } = addressOf(null);
    const part = pathname.replace(/[^/]+$/, `candidates/${opened}/panel`);
    htmx.ajax("GET", `${part}?at=${encodeURIComponent(pathname + search)}`, {
      source: box(),
      target: "#panel",
      swap: "innerHTML",
    });
  }

  // Back closes the panel, however many were looked at in it.
  function open(candidate) {
    const step = id() ? "replaceState" : "pushState";
    history[step]({ panel: history.state?.panel || step === "pushState" }, "", addressOf(candidate));
    mark();
    load();
  }
  function close() {
    const last = document.querySelector(".opened h2 a");
    if (history.state?.panel) {
      history.back();
    } else {
      history.replaceState(null, "", addressOf(null));
      mark();
    }
    last?.focus();
  }
  function go(step) {
    const row = beside(step);
    const more = document.querySelector("#more a[hx-get]");
    wantsNext = !row && step > 0 && Boolean(more);
    if (row) open(row.id.slice(2));
    else if (wantsNext) more.click();
    else say(step > 0 ? "You have reached the end of the list." : "This is the first of the list.");
  }
  function say(text) {
    document.getElementById("panel-said").textContent = text;
  }

  document.addEventListener("click", (event) => {
    if (!box() || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("#cards .candidate h2 a, .panel-bar a");
    if (!link) return;
    event.preventDefault();
    if (link.id === "panel-close") close();
    else if (link.id === "panel-next") go(1);
    else if (link.id === "panel-previous") go(-1);
    else open(link.closest(".candidate").id.slice(2));
  });
  addEventListener("popstate", () => {
    if (!box()) return;
    mark();
    if (id()) load();
  });
  covers.addEventListener("change", () => box() && mark());
  document.addEventListener("DOMContentLoaded", () => {
    if (box() && id()) mark();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "panel") return;
    event.target.removeAttribute("aria-busy");
    mark();
    const isTyping = document.activeElement.matches("input, textarea, select");
    const asks = event.target.querySelector("[data-focus]");
    if (!asks && !isTyping) document.getElementById("person")?.focus({ preventScroll: true });
  });
  document.addEventListener("htmx:load", () => {
    if (!box() || !id()) return;
    mark();
    if (wantsNext && beside(1)) go(1);
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target !== box()) return;
    if (event.detail.xhr.status === 401) location.reload();
    else document.getElementById("panel").textContent = "This candidate can't be shown for this position any more.";
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (box()?.contains(event.target)) say("There is no connection. Try again.");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.closest("#panel-said form")) say("");
  });
  document.addEventListener("set-aside", () => {
    if (beside(1) || document.querySelector("#more a[hx-get]")) go(1);
  });
  document.addEventListener("list-grew", (event) => {
    const url = new URL(location);
    url.searchParams.set("shown", event.detail.shown);
    history.replaceState(history.state, "", url);
  });

  // How many are ticked; and what was done for them makes way for the list again.
  document.addEventListener("change", ticked);
  document.addEventListener("reset", () => setTimeout(ticked));
  document.addEventListener("htmx:load", ticked);
  function ticked() {
    const said = document.getElementById("ticked");
    const count = document.querySelectorAll(".pick input:checked").length;
    if (said) said.textContent = count ? `${count} ticked` : "";
  }
  document.addEventListener("click", (event) => {
    const work = event.target.closest("[data-bulk-close]")?.closest("#bulk-work");
    if (!work) return;
    event.preventDefault();
    work.replaceChildren();
    rows()[0]?.querySelector("h2 a").focus();
  });

  return { box, rows, id, open, close, go };
})();

// What stands beside a list or a profile ends where the window does, so that its buttons are in sight.
{
  let isDue = false;
  const fit = () => {
    isDue = false;
    for (const beside of document.querySelectorAll("#panel-box:not([hidden]), .columns.profile > aside")) {
      const isBeside = getComputedStyle(beside).position === "sticky";
      const above = Math.max(0, beside.getBoundingClientRect().top);
      beside.style.maxHeight = isBeside ? `${innerHeight - above}px` : "";
    }
  };
  const soon = () => {
    if (!isDue) requestAnimationFrame(fit);
    isDue = true;
  };
  for (const happening of ["scroll", "resize", "DOMContentLoaded"]) addEventListener(happening, soon, { passive: true });
  document.addEventListener("htmx:load", soon);
  document.addEventListener("click", soon);
}
