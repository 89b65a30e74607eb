// The search page: proposals under the field while typing, and facets that stand open where there is room.
// Without this file the field is a field, and the facets open when pressed.
"use strict";

(() => {
  const PAUSE = 200;

  // A combobox with a list: arrow keys move, Enter takes, Escape closes. The words come from the server.
  class Combobox {
    constructor(box) {
      this.box = box;
      this.input = box.querySelector("input");
      this.list = box.querySelector(".proposals");
      this.timer = 0;
      this.running = null;
      for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", "proposals"]]) {
        this.input.setAttribute(name, value);
      }
      this.list.innerHTML = '<ul role="listbox" id="proposals"></ul>';
      this.input.addEventListener("input", () => this.later());
      this.input.addEventListener("keydown", (event) => this.press(event));
      this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
      this.list.addEventListener("mousedown", (event) => event.preventDefault());
      this.list.addEventListener("click", (event) => this.take(event.target.closest("[role=option]")));
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), PAUSE);
    }

    async ask() {
      this.running?.abort();
      const typed = this.input.value.trim();
      if (!typed) return this.close();
      this.running = new AbortController();
      try {
        const answer = await fetch(`${this.box.dataset.suggest}?${new URLSearchParams({ q: typed })}`, { signal: this.running.signal });
        if (answer.ok && document.activeElement === this.input) this.show(await answer.text());
      } catch (error) {
        this.close(); // the line is down, or another letter was typed: searching itself still works
      }
    }

    show(list) {
      if (!list.trim()) return this.close();
      this.list.innerHTML = list;
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      this.input.removeAttribute("aria-activedescendant");
    }

    close() {
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    options() {
      return this.list.hidden ? [] : [...this.list.querySelectorAll("[role=option]")];
    }

    press(event) {
      const options = this.options();
      const chosen = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
      if (event.key === "Escape" && options.length) {
        event.preventDefault();
        this.close();
      } else if (event.key === "Enter" && chosen >= 0) {
        event.preventDefault();
        this.take(options[chosen]);
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        this.choose(options, chosen < 0 && step < 0 ? options.length - 1 : (chosen + step + options.length) % options.length);
      }
    }

    choose(options, index) {
      options.forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
      this.input.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    }

    take(option) {
      if (option) location.assign(option.dataset.url);
    }
  }

  const wide = window.matchMedia("(min-width: 60rem)");

  const openFacets = (root) => {
    for (const facets of root.querySelectorAll("[data-open-when-wide]")) if (wide.matches) facets.open = true;
  };

  for (const box of document.querySelectorAll("[data-suggest]")) new Combobox(box);
  openFacets(document);
  wide.addEventListener("change", () => openFacets(document));
  document.addEventListener("htmx:load", (event) => openFacets(event.target));
})();
