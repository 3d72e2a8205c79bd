// Keys, the countdown of decisions, and the stream of news. Every page works without it.
"use strict";

(() => {
  const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select");
  const find = (selector) => document.querySelector(selector);

  const keys = {
    "?": () => find("#help")?.showModal(),
    e: () => open("e"),
    c: () => open("c"),
    "/": () => { const field = find("[data-search]"); if (field) field.focus(); else location.assign("/why"); },
    r: () => find('[data-focus="r"]')?.focus(),
    b: () => find("#bulk button")?.focus(),
  };

  function open(key) {
    const summary = find(`[data-open="${key}"]`);
    if (!summary) return;
    summary.parentElement.open = true;
    (find(`[data-focus="${key}"]`) || summary.parentElement.querySelector("button") || summary).focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (typing(event.target) || find("dialog[open]") || event.key.length !== 1) return;
    const known = keys[event.key];
    const control = known ? null : find(`[data-key="${CSS.escape(event.key)}"]`);
    if (!known && !control) return;
    event.preventDefault();
    if (event.repeat) return;
    if (known) known();
    else control.click();
  });

  // What is chosen stays chosen when another post of the list is looked at.
  const chosen = new Set();
  const boxes = () => document.querySelectorAll('input[form="bulk"]');
  document.addEventListener("change", (event) => {
    if (!event.target.matches('input[form="bulk"]')) return;
    if (event.target.checked) chosen.add(event.target.value);
    else chosen.delete(event.target.value);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const here = new Set([...boxes()].map((box) => box.value));
    for (const value of chosen) if (!here.has(value)) chosen.delete(value);
    for (const box of boxes()) box.checked = chosen.has(box.value);
  });

  // A form that has been sent is not sent again by a second click.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (form.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 3000);
  }, true);

  const shown = (seconds) => seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.ceil(seconds % 60)} s`;
  const began = new WeakMap();
  setInterval(() => {
    for (const element of document.querySelectorAll("[data-until]")) {
      if (!began.has(element)) began.set(element, performance.now());
      const left = Number(element.dataset.until) - (performance.now() - began.get(element)) / 1000;
      element.textContent = left > 0 ? shown(left) : "a moment";
    }
  }, 1000);

  // One stream for each tab, outside of all that is swapped.
  let waits = 3000;
  let last = null;

  function show(news) {
    if (!news) return;
    const badge = find("[data-waiting]");
    if (badge && news.waiting !== undefined) {
      badge.textContent = news.waiting;
      badge.hidden = !news.waiting;
    }
    const halted = find("[data-halted]");
    const words = { paused: "Paused: nothing new is posted", stopped: "Stopped: nothing is written to tumblr", "dry run": "Dry run: nothing is posted" };
    const said = news.away || words[news.posting] || "";
    if (halted) {
      halted.textContent = said;
      halted.hidden = !said;
    }
  }

  function stream() {
    const source = new EventSource("/live/stream");
    source.addEventListener("open", () => { waits = 3000; });
    source.addEventListener("live", (event) => {
      const news = JSON.parse(event.data);
      show(news);
      if (find("#live-panel") && !news.away) {
        htmx.ajax("GET", "/live?part=panel", { target: "#live-panel", swap: "outerHTML", select: "#live-panel" });
      }
      if (last && news.waiting > last.waiting) find("#changed")?.removeAttribute("hidden");
      last = news;
    });
    source.addEventListener("resync", () => { source.close(); location.reload(); });
    source.addEventListener("signed-out", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => {
      source.close();
      setTimeout(stream, waits + Math.random() * 1000);
      waits = Math.min(waits * 2, 60000);
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  }

  document.addEventListener("htmx:afterSettle", () => show(last));
  // A page that comes back from the browser's memory after a logout is loaded anew.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  if ("signedIn" in document.body.dataset) stream();
})();
