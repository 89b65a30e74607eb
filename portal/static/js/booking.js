// The booking form: a new beginning keeps the length, an alternative fills the times in place, and the button says what it will do.
// Without this file alternatives are plain links, and the page is asked with a button of its own.
"use strict";

(() => {
  const form = document.querySelector("form[data-booking]");
  const button = document.querySelector("[data-submit]");
  const says = document.querySelector("[data-quote-says]");
  if (!form || !button) return;
  const { start, end } = form.elements;
  // Both ends are read as if in UTC: only the difference counts, and the server minds the clock changes.
  const minutes = (text) => Date.parse(`${text}Z`) / 60000;
  const written = (number) => new Date(number * 60000).toISOString().slice(0, 16);
  const length = () => minutes(end.value) - minutes(start.value);
  let kept = length();

  start.addEventListener("change", () => {
    if (kept > 0 && !Number.isNaN(minutes(start.value))) end.value = written(minutes(start.value) + kept);
  });
  end.addEventListener("change", () => {
    kept = length();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-fill-start]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    start.value = link.dataset.fillStart;
    end.value = link.dataset.fillEnd;
    end.dispatchEvent(new Event("change", { bubbles: true }));
    button.focus();
  });

  form.addEventListener("live:shown", () => {
    const quote = document.querySelector("#quote [data-action]");
    if (!quote) return;
    button.textContent = quote.dataset.action;
    says.textContent = quote.dataset.says;
  });
})();
