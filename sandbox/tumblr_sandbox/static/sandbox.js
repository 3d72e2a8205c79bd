// The pages work without any of this: it spares a visitor some waiting and some clicks.
"use strict";

const LOOK_MS = 1500;
const NEWS_MS = 4000;

// While a question is open, look whether its state changed, and show the page anew.
async function lookAtQuestion() {
  const box = document.getElementById("asked");
  if (!box || !box.dataset.status) return;
  try {
    const status = await (await fetch(box.dataset.status)).json();
    if (status.state !== box.dataset.state) await showQuestion(box);
  } catch {
    // The sandbox may be restarting; the next look tells.
  }
  setTimeout(lookAtQuestion, LOOK_MS);
}

async function showQuestion(box) {
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

// Say how many posts came since the page was loaded.
async function lookForNews(line) {
  try {
    const { posts } = await (await fetch(line.dataset.news)).json();
    if (posts) {
      line.querySelector("b").textContent = `${posts} new post${posts === 1 ? "" : "s"}`;
      line.hidden = false;
    }
  } catch {
    // As above.
  }
  setTimeout(lookForNews, NEWS_MS, line);
}

// Like without leaving the place where one reads.
async function like(event) {
  const form = event.target.closest("form.like");
  if (!form || "guest" in form.dataset) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (answer.type !== "opaqueredirect") throw new Error("refused");
    const liked = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(liked));
    form.action = form.action.replace(/\/(un)?like\//, liked ? "/unlike/" : "/like/");
    countNote(form.closest("article"), liked ? 1 : -1);
    button.disabled = false;
    button.focus();
  } catch {
    button.disabled = false;
    form.submit();
  }
}

function countNote(article, step) {
  const link = article.querySelector("a.notes");
  const number = Number(link.textContent.replace(/\D/g, "")) + step;
  link.innerHTML = "<b></b> ";
  link.firstChild.textContent = number.toLocaleString("en");
  link.append(number === 1 ? "note" : "notes");
}

// j and k go from post to post; Ctrl+Enter sends what is being written.
function key(event) {
  const writing = event.target.closest("textarea, input, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && writing) writing.form?.requestSubmit();
  if (writing || event.ctrlKey || event.metaKey || event.altKey || !"jk".includes(event.key)) return;
  const posts = [...document.querySelectorAll("article.post")];
  const now = posts.indexOf(document.activeElement.closest("article.post"));
  const next = posts[event.key === "j" ? now + 1 : Math.max(now, 0) - 1];
  if (next) {
    next.scrollIntoView({ block: "start" });
    next.focus({ preventScroll: true, focusVisible: true });
  }
}

document.addEventListener("submit", like);
document.addEventListener("keydown", key);
setTimeout(lookAtQuestion, LOOK_MS);
const line = document.querySelector("[data-news]");
if (line) setTimeout(lookForNews, NEWS_MS, line);
