// While a question is open, look every so often whether its state changed, and show the page anew.
"use strict";

const WAIT_MS = 1500;

async function look() {
  const box = document.getElementById("asked");
  if (!box || !box.dataset.status) return;
  try {
    const status = await (await fetch(box.dataset.status)).json();
    if (status.state !== box.dataset.state) await show(box);
  } catch {
    // The sandbox may be restarting; the next look tells.
  }
  setTimeout(look, WAIT_MS);
}

async function show(box) {
  const page = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(page, "text/html");
  document.title = fresh.title;
  box.replaceWith(document.importNode(fresh.getElementById("asked"), true));
  const answer = document.getElementById("answer");
  if (answer) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    answer.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
    answer.focus({ preventScroll: true });
  }
}

setTimeout(look, WAIT_MS);
