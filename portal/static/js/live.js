// While a person fills in a form, the server's answer to it is shown beside: <form data-live="URL" data-live-into="#id">.
// The form is sent to the URL as it stands; the answer is a fragment of a page. Nothing is written.
"use strict";

(() => {
  const PAUSE = 300;

  const refresh = async (form, state) => {
    state.running?.abort();
    state.running = new AbortController();
    const into = document.querySelector(form.dataset.liveInto);
    into.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.live, {
        method: "POST",
        body: new FormData(form),
        headers: { "HX-Request": "true" },
        credentials: "same-origin",
        signal: state.running.signal,
      });
      const kind = answer.headers.get("Content-Type") || "";
      if (kind.startsWith("text/html")) {
        into.innerHTML = await answer.text();
        form.dispatchEvent(new CustomEvent("live:shown", { bubbles: true }));
      }
      into.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name !== "AbortError") into.removeAttribute("aria-busy"); // the line is down: what was shown stays, and sending the form will tell
    }
  };

  const watch = (form) => {
    const state = { running: null, timer: 0 };
    const later = (event) => {
      if (event.target.closest("[data-live-not]")) return;
      clearTimeout(state.timer);
      state.timer = setTimeout(() => refresh(form, state), PAUSE);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
  };

  const start = (root) => {
    for (const form of root.querySelectorAll("form[data-live]")) {
      if (!form.dataset.liveWatched) {
        form.dataset.liveWatched = "yes";
        watch(form);
      }
    }
  };
  start(document);
  document.addEventListener("htmx:load", (event) => start(event.target));
})();
