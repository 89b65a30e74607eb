// Small comforts for every page. Everything works without this file; words come from data-* attributes the server wrote.
"use strict";

(() => {
  // Which clock the reader lives by, so that times at an instrument in another zone can name it.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (/^[\w/+-]+$/.test(zone) && !document.cookie.split("; ").includes(`zone=${zone}`)) {
    document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  }

  // Menus close on Escape and on a press elsewhere.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    closeMenus(null);
    if (open) open.querySelector("summary").focus();
  });

  // What cannot be undone is asked once more.
  const ask = (form) => {
    const dialog = document.createElement("dialog");
    const question = document.createElement("p");
    const buttons = document.createElement("div");
    const answers = [[form.dataset.confirmYes, "btn btn-danger", "yes"], [form.dataset.confirmNo, "btn btn-secondary", ""]];
    question.id = "confirm-question";
    question.textContent = form.dataset.confirm;
    buttons.className = "form-actions";
    for (const [text, look, value] of answers) {
      const button = document.createElement("button");
      button.className = look;
      button.textContent = text;
      button.addEventListener("click", () => dialog.close(value));
      buttons.append(button);
    }
    dialog.className = "confirm";
    dialog.setAttribute("aria-labelledby", question.id);
    dialog.append(question, buttons);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(form.confirmedBy && form.contains(form.confirmedBy) ? form.confirmedBy : undefined);
    });
    dialog.showModal();
    buttons.lastElementChild.focus();
  };

  // A second press while the first is under way is not sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      form.confirmedBy = event.submitter;
      ask(form);
    } else if (form.method === "post" && form.dataset.sent) {
      event.preventDefault();
    } else if (form.method === "post" && !event.defaultPrevented) {
      form.dataset.sent = "yes";
    }
  });
  const forgetSent = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  };
  window.addEventListener("pageshow", forgetSent);
  document.addEventListener("htmx:afterRequest", forgetSent);

  // A list or a date that is its own question is asked as soon as it changes.
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
  });

  // Folded on a phone only.
  if (matchMedia("(min-width: 60rem)").matches) for (const each of document.querySelectorAll("details.facets")) each.open = true;

  // What went wrong is read first.
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
})();
