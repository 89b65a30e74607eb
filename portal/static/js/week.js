// The week table by keyboard and by dragging. Without this file every free time is a plain link.
// Arrow keys move, Shift with up or down changes the length, Enter books, Escape forgets; a drag over free times does the same.
// Where the page has <form data-booking>, its fields named start and end are filled instead of leaving the page.
"use strict";

(() => {
  const span = (link) => new URL(link.href).searchParams;
  const follows = (before, after) => after && span(before).get("end") === span(after).get("start");

  class Week {
    constructor(box) {
      this.box = box;
      this.says = box.parentElement.querySelector("[data-week-says]");
      this.links = [...box.querySelectorAll("td.free > a")].sort((a, b) => span(a).get("start").localeCompare(span(b).get("start")));
      this.chosen = [];
      this.dragged = false;
      if (!this.links.length) return;
      box.querySelector("table").setAttribute("role", "grid");
      box.removeAttribute("tabindex");
      this.links.forEach((link, index) => { link.tabIndex = index ? -1 : 0; });
      box.addEventListener("keydown", (event) => this.press(event));
      box.addEventListener("click", (event) => this.click(event));
      box.addEventListener("focusin", (event) => this.rove(event.target));
      this.watchDrag();
    }

    rove(link) {
      if (!this.links.includes(link)) return;
      for (const each of this.links) each.tabIndex = each === link ? 0 : -1;
      if (!this.chosen.includes(link)) this.choose([]);
    }

    press(event) {
      const link = event.target.closest("td.free > a");
      if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
      const moves = {
        ArrowDown: () => (event.shiftKey ? this.lengthen(link) : this.focus(this.inColumn(link, 1))),
        ArrowUp: () => (event.shiftKey ? this.shorten() : this.focus(this.inColumn(link, -1))),
        ArrowRight: () => (event.shiftKey ? this.lengthen(link) : this.focus(this.beside(link, 1))),
        ArrowLeft: () => (event.shiftKey ? this.shorten() : this.focus(this.beside(link, -1))),
        Home: () => this.focus(this.column(link)[0]),
        End: () => this.focus(this.column(link).at(-1)),
        Escape: () => this.choose([]),
        " ": () => this.take(this.chosen.length ? this.chosen : [link]),
        Enter: () => this.take(this.chosen.length ? this.chosen : [link]),
      };
      if (!moves[event.key]) return;
      event.preventDefault();
      moves[event.key]();
    }

    column(link) {
      const day = link.dataset.from.slice(0, 10);
      return this.links.filter((each) => each.dataset.from.startsWith(day));
    }

    inColumn(link, step) {
      const column = this.column(link);
      return column[column.indexOf(link) + step];
    }

    beside(link, step) {
      const here = link.getBoundingClientRect();
      const away = (each) => Math.abs(each.getBoundingClientRect().top - here.top);
      const days = [...new Set(this.links.map((each) => each.dataset.from.slice(0, 10)))].sort();
      const day = days[days.indexOf(link.dataset.from.slice(0, 10)) + step];
      const there = this.links.filter((each) => day && each.dataset.from.startsWith(day));
      return there.sort((a, b) => away(a) - away(b))[0];
    }

    focus(link) {
      if (link) link.focus();
    }

    lengthen(link) {
      const chosen = this.chosen.length ? this.chosen : [link];
      const after = this.links[this.links.indexOf(chosen.at(-1)) + 1];
      this.choose(follows(chosen.at(-1), after) ? [...chosen, after] : chosen);
    }

    shorten() {
      this.choose(this.chosen.length > 1 ? this.chosen.slice(0, -1) : this.chosen);
    }

    between(first, last) {
      const [from, to] = [this.links.indexOf(first), this.links.indexOf(last)];
      const way = this.links.slice(Math.min(from, to), Math.max(from, to) + 1);
      const forward = from <= to ? way : way.reverse();
      const stop = forward.findIndex((link, i) => i && !(from <= to ? follows(forward[i - 1], link) : follows(link, forward[i - 1])));
      const joined = stop < 0 ? forward : forward.slice(0, stop);
      return from <= to ? joined : joined.reverse();
    }

    choose(links) {
      for (const each of this.links) {
        const is = links.includes(each);
        each.classList.toggle("chosen", is);
        if (is) each.parentElement.setAttribute("aria-selected", "true");
        else each.parentElement.removeAttribute("aria-selected");
      }
      this.chosen = links;
      const text = links.length ? this.box.dataset.chosen : "";
      const tell = (time) => time.replace("T", " ");
      if (this.says) this.says.textContent = links.length ? text.replace("{from}", tell(links[0].dataset.from)).replace("{to}", tell(links.at(-1).dataset.to)) : "";
    }

    take(links) {
      const form = document.querySelector("form[data-booking]");
      if (!form) {
        const url = new URL(links[0].href);
        url.searchParams.set("end", span(links.at(-1)).get("end"));
        location.assign(url);
        return;
      }
      this.choose(links);
      form.elements.start.value = links[0].dataset.from;
      form.elements.end.value = links.at(-1).dataset.to;
      form.elements.end.dispatchEvent(new Event("change", { bubbles: true }));
      form.elements.end.focus();
    }

    click(event) {
      const link = event.target.closest("td.free > a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      if (this.dragged || document.querySelector("form[data-booking]")) {
        event.preventDefault();
        if (!this.dragged) this.take([link]);
        this.dragged = false;
      }
    }

    // A finger scrolls; a mouse or a pen draws.
    watchDrag() {
      let first = null;
      this.box.addEventListener("dragstart", (event) => event.preventDefault());
      this.box.addEventListener("pointerdown", (event) => {
        this.dragged = false;
        first = event.pointerType === "touch" || event.button ? null : event.target.closest("td.free > a");
      });
      this.box.addEventListener("pointermove", (event) => {
        const over = first && document.elementFromPoint(event.clientX, event.clientY)?.closest("td.free > a");
        if (!over || (over === first && !this.dragged) || !this.links.includes(over)) return;
        this.dragged = true;
        this.box.classList.add("choosing");
        this.choose(this.between(first, over));
      });
      document.addEventListener("pointerup", () => {
        this.box.classList.remove("choosing");
        if (first && this.dragged && this.chosen.length) this.take(this.chosen);
        first = null;
      });
    }
  }

  // On a phone one day fills the width: begin with today, or with the first day that has a free time.
  const showDay = (box) => {
    const head = box.querySelector("th.today") || box.querySelector(`[id="day-${box.querySelector("td.free > a")?.dataset.from.slice(0, 10)}"]`);
    if (head && box.scrollWidth > box.clientWidth && !location.hash) box.scrollLeft = head.offsetLeft - box.querySelector(".corner").offsetWidth;
  };

  const start = (root) => {
    const itself = root.matches?.("[data-week]") ? [root] : [];
    for (const box of [...itself, ...root.querySelectorAll("[data-week]")]) {
      if (box.dataset.weekReady) continue;
      box.dataset.weekReady = "yes";
      new Week(box);
      showDay(box);
    }
  };
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.target));
})();
