// Search, theme, menu, copy buttons, and where in a page one is. The index (index.js: const INDEX, one entry a section)
// is loaded when it is first needed.
const byId = id => document.getElementById(id), box = document.querySelector("#site-search input"), panel = byId("results");
let loading;
const load = () => loading ??= new Promise(done => {
  const script = document.createElement("script");
  script.src = UP + "theme/index.js";
  script.onload = done;
  document.head.append(script);
});
const plain = text => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
const wordsOf = text => plain(text).split(/[^\p{L}\p{N}_]+/u).filter(Boolean);

// ---- words that nobody wrote: the nearest that somebody did
let vocabulary;
const known = () => vocabulary ??= new Set(INDEX.flatMap(([, title, heading, text, more]) => wordsOf(`${title} ${heading} ${text} ${more}`)));
function distance(a, b, most) {
  // Letters left out, put in, exchanged or swapped with their neighbour; more than `most` counts as too far.
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before, row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
    if (Math.min(...row) > most) return most + 1;
  }
  return row[b.length];
}
function nearest(word) {
  // The words that come closest, one letter off in short ones, two in long ones; the word itself if some word begins with it.
  if ([...known()].some(w => w.startsWith(word)) || word.length < 4) return [word];
  let most = word.length < 7 ? 1 : 2, found = [];
  for (const w of known()) {
    const d = distance(word, w, most);
    if (d < most || (d === most && !found.length)) { found = [w]; most = d } else if (d === most) found.push(w);
  }
  return found.length ? found : [word];
}

// ---- search
const WEIGHT = {tutorials: 1.5, cli: 1.3, lab: 0.8, api: 0.4};  // of a folder or page
const NAME = /^[\w.]*([a-z][A-Z]|[_.]\w)[\w.]*$/;  // a heading that is the name of a function or class
const escaped = word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
function find(query, most) {
  // Every word must begin a word of the section. A page of that name comes first, then what is listed under the word
  // (search.yml), then headings, titles and text; of what is alike, pages to learn from before pages to look things up in.
  const asked = wordsOf(query), meant = asked.map(nearest), hits = [];
  const words = meant.map(all => new RegExp("(?<![\\p{L}\\p{N}])(" + all.map(escaped).join("|") + ")", "gu"));
  const whole = plain(query).trim(), wholes = new Set([whole, ...(meant.length === 1 ? meant[0] : [])]);
  if (words.length) for (const [href, title, heading, text, more] of INDEX) {
    let score = 0;
    for (const word of words) {
      const count = s => (plain(s).match(word) || []).length;
      const points = 8*count(heading) + 4*count(title) + 12*Math.min(count(more), 1) + Math.min(count(text), 5);
      if (!points) { score = 0; break }
      score += points;
    }
    if (!score) continue;
    if (wholes.has(plain(heading))) score += 25;
    const page = href.split(/[/#]/).findLast(part => part.endsWith(".html")).replace(".html", "").replace(/_/g, " ");
    if (!href.includes("#") && (wholes.has(page) || wholes.has(plain(title)))) score += 60;
    if (words.length === 1 && wordsOf(more).some(word => wholes.has(word))) score += 20;
    if (words.length > 1 && plain(heading).includes(whole)) score += 15;
    if (words.length > 1 && plain(more).includes(whole)) score += 45;
    score *= (WEIGHT[href.split("/")[0].split("#")[0]] ?? 1)*(NAME.test(heading) ? 0.6 : 1);
    hits.push({score, href, title, heading, text});
  }
  return hits.sort((a, b) => b.score - a.score).slice(0, most).map(hit => shown(hit, words[0]));
}
function shown(hit, word) {
  const at = plain(hit.text).search(new RegExp(word.source, "u")), start = Math.max(0, at - 50);
  const link = document.createElement("a"), name = document.createElement("b"), excerpt = document.createElement("span");
  link.href = UP + hit.href;
  name.textContent = hit.title + (hit.heading ? " › " + hit.heading : "");
  excerpt.textContent = (start ? "…" : "") + hit.text.slice(start, start + 160) + "…";
  link.append(name, excerpt);
  return link;
}
const none = () => Object.assign(document.createElement("p"), {textContent: "Nothing found."});
async function show(target, query, most) {
  await load();
  const links = find(query, most);
  target.replaceChildren(...(links.length || !query.trim() ? links : [none()]));
}
box.addEventListener("focus", load);
box.addEventListener("input", async () => { await show(panel, box.value, 8); panel.hidden = !box.value.trim() });
document.addEventListener("click", event => { if (!byId("site-search").contains(event.target)) panel.hidden = true });
document.addEventListener("keydown", event => {
  if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus() }
  if (event.key === "Escape") { panel.hidden = true; box.blur() }
});
const asked = new URLSearchParams(location.search).get("q");
if (byId("found") && asked) { box.value = asked; show(byId("found"), asked, 50) }

// ---- theme and menu
byId("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme) } catch (e) {}
});
byId("menu").addEventListener("click", () => byId("menu").setAttribute("aria-expanded", document.body.classList.toggle("menu")));
document.querySelector("nav [aria-current]")?.scrollIntoView({block: "center"});

// ---- code that is copied by a click, as it was written
if (navigator.clipboard) for (const block of document.querySelectorAll(".highlight")) {
  const button = Object.assign(document.createElement("button"), {className: "copy", textContent: "Copy", type: "button"});
  button.setAttribute("aria-label", "Copy this code");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("pre").textContent.replace(/\n$/, ""));
    button.textContent = "Copied";
    setTimeout(() => button.textContent = "Copy", 1500);
  });
  block.prepend(button);
}

// ---- the section that is read, marked in the list of sections
const places = new Map([...document.querySelectorAll("aside a")].map(link => [byId(decodeURIComponent(link.hash.slice(1))), link]));
function mark() {
  const passed = [...places.keys()].filter(heading => heading && heading.getBoundingClientRect().top < 120);
  const here = places.get(passed.at(-1));
  for (const link of places.values()) link.classList.toggle("here", link === here);
}
document.addEventListener("scroll", () => requestAnimationFrame(mark), {passive: true});

// ---- to what the address names, also inside a fold
function go() {
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
}
window.addEventListener("hashchange", go);
window.scrollTo(0, 0);
go();
mark();
