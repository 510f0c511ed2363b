// Suggestions below a field while its text is typed: a combobox with a list, as the ARIA Authoring
// Practices have it. The focus stays in the field; arrows move through the list.
"use strict";

const TYPED_FOR = 150; // milliseconds without a key before the server is asked

function suggesting(input, box, kind, choose) {
  const list = document.createElement("ul");
  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  box.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("autocomplete", "off");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  let asked = 0;
  let timer;
  const options = () => [...list.children];
  const active = () => list.querySelector("[aria-selected=true]");
  const show = (isShown) => {
    list.hidden = !isShown;
    input.setAttribute("aria-expanded", String(isShown));
    if (!isShown) mark(null);
  };
  const mark = (option) => {
    active()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    clearTimeout(timer);
    asked += 1;
    show(false);
  };
  const ask = async () => {
    const text = input.value.trim();
    asked += 1;
    const mine = asked;
    if (!text) return show(false);
    const query = new URLSearchParams({ kind, text });
    const answer = await fetch(`/suggestions?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (mine !== asked) return undefined;
    if (!answer?.ok) return show(false);
    list.innerHTML = await answer.text();
    if (mine !== asked) return undefined;
    options().forEach((option, number) => { option.id = `${list.id}-${number}`; });
    mark(null);
    return show(options().length > 0 && document.activeElement === input);
  };
  const take = (option) => {
    close();
    choose(option.dataset.term);
  };
  const move = (by) => {
    const all = options();
    const from = all.indexOf(active());
    mark(all[(from + by + (from < 0 && by < 0 ? 1 : 0) + all.length) % all.length]);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPED_FOR);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const isShown = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (isShown) move(event.key === "ArrowDown" ? 1 : -1);
      else ask();
    } else if (event.key === "Escape" && isShown) {
      event.preventDefault();
      close();
    } else if (event.key === "Enter") {
      const option = isShown && active();
      if (option) {
        event.preventDefault();
        event.stopImmediatePropagation();
        take(option);
      } else {
        close();
      }
    }
  });
  // Pressed, not clicked: the field must not lose the focus, which would take what is typed.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}
