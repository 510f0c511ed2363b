// Makes pages quicker; each of them works without it.
"use strict";

// Pages say times in the zone of the browser.
{
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  if (!document.cookie.includes(`sourcing_zone=${zone}`)) {
    document.cookie = `sourcing_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }
}

// A form is sent once, however often its button is pressed. Its idempotency key guards it anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (!navigator.onLine) {
    event.preventDefault();
    event.stopImmediatePropagation();
    offline();
    return;
  }
  form.dataset.sending = "yes";
  form.setAttribute("aria-busy", "true");
  event.submitter?.classList.add("is-sending");
  said(form.method === "post" ? "Sending…" : "Loading…");
}, { capture: true });
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sending]").forEach(released);
  document.documentElement.classList.remove("is-loading");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest("form");
  if (form) released(form);
});
function released(form) {
  delete form.dataset.sending;
  form.removeAttribute("aria-busy");
  document.querySelectorAll(".is-sending").forEach((button) => button.classList.remove("is-sending"));
  said("");
}
// What goes on, for those who do not see it.
function said(text) {
  const place = document.getElementById("progress");
  if (place) place.textContent = text;
}

// A click on a link is answered at once, while its page is on the way. At the window, after all
// others who may want the click.
window.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const isElsewhere = link.target || link.hasAttribute("download") || link.origin !== location.origin;
  const isHere = link.hash && link.pathname === location.pathname && link.search === location.search;
  if (isElsewhere || isHere) return;
  if (!navigator.onLine) {
    event.preventDefault();
    offline();
    return;
  }
  document.documentElement.classList.add("is-loading");
  // What is downloaded leaves the page where it is.
  setTimeout(() => document.documentElement.classList.remove("is-loading"), 10_000);
});

// Without a connection nothing is lost: the page stays, and says so.
function offline() {
  const bar = document.getElementById("offline");
  if (bar) bar.hidden = navigator.onLine;
}
addEventListener("offline", offline);
addEventListener("online", offline);
document.addEventListener("DOMContentLoaded", offline);

// A notice is said once: a reload does not repeat it.
document.addEventListener("DOMContentLoaded", () => {
  const url = new URL(location);
  if (!url.searchParams.has("notice")) return;
  for (const name of ["after", "notice", "decided"]) url.searchParams.delete(name);
  history.replaceState(history.state, "", url);
});
// What a part of a page asked for in vain is gone to, so that the page there says why.
document.addEventListener("htmx:responseError", (event) => {
  const instead = event.target.querySelector("a[data-instead]");
  if (instead) location.assign(instead.href);
});

// Lists in which a comma is always between two entries: "Berlin, Germany" is one place.
const COMMAS_BETWEEN = new Set(["skill", "language"]);

// What is typed or pasted, entry by entry; commas in parentheses and in numbers are part of one.
function apart(text, atCommas) {
  const between = atCommas ? /[\n;\t]|(?:(?<!\d),|,(?!\d))(?![^(]*\))/ : /[\n;\t]/;
  return text.split(between).map((term) => term.trim()).filter(Boolean);
}

// A list that is typed one entry a line is shown as chips; the lines stay what is sent.
function chips(lines) {
  const box = document.createElement("div");
  const input = document.createElement("input");
  const label = document.querySelector(`label[for="${CSS.escape(lines.id)}"]`);
  const list = document.createElement("ul");
  box.className = "chips";
  input.type = "text";
  input.id = lines.id;
  input.placeholder = "Type, then press Enter";
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (lines.hasAttribute(name)) input.setAttribute(name, lines.getAttribute(name));
  }
  lines.removeAttribute("id");
  lines.hidden = true;
  list.setAttribute("aria-label", label ? label.firstChild.textContent.trim() : "");
  box.append(list, input);
  lines.after(box);

  const entries = () => lines.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const keep = (next) => {
    lines.value = [...new Set(next)].join("\n");
    draw();
    lines.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const add = (text) => {
    const terms = apart(text, COMMAS_BETWEEN.has(lines.dataset.suggest));
    if (terms.length) keep([...entries(), ...terms]);
  };
  const take = () => {
    const typed = input.value;
    input.value = "";
    add(typed);
  };
  const draw = () => {
    list.replaceChildren(
      ...entries().map((entry) => {
        const item = document.createElement("li");
        const remove = document.createElement("button");
        item.textContent = entry;
        remove.type = "button";
        remove.textContent = "×";
        remove.setAttribute("aria-label", `Remove ${entry}`);
        remove.addEventListener("click", () => {
          keep(entries().filter((other) => other !== entry));
          input.focus();
        });
        item.append(remove);
        return item;
      }),
    );
  };
  if (lines.dataset.suggest) {
    suggesting(input, box, lines.dataset.suggest, (term) => {
      input.value = "";
      keep([...entries(), term]);
    });
  }
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (apart(text, COMMAS_BETWEEN.has(lines.dataset.suggest)).length < 2) return;
    event.preventDefault();
    add(input.value + text);
    input.value = "";
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && input.value.trim()) {
      event.preventDefault();
      take();
    } else if (event.key === "Backspace" && !input.value) {
      keep(entries().slice(0, -1));
    }
  });
  input.addEventListener("blur", take);
  lines.form?.addEventListener("submit", take, { capture: true });
  draw();
}

function prepare(root) {
  root.querySelectorAll("textarea[data-chips]:not([hidden])").forEach(chips);
  root.querySelectorAll("input[data-suggest]:not([role])").forEach((input) => {
    suggesting(input, input.parentElement, input.dataset.suggest, (term) => { input.value = term; });
  });
  root.querySelector("[data-focus]")?.focus();
}
document.addEventListener("DOMContentLoaded", () => prepare(document));
document.addEventListener("htmx:load", (event) => prepare(event.target));

// What is folded is printed too, and folded again afterwards.
let unfolded = [];
window.addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("main details:not([open]):not(.why-not)")];
  unfolded.forEach((details) => { details.open = true; });
});
window.addEventListener("afterprint", () => {
  unfolded.forEach((details) => { details.open = false; });
});
