// Search, theme and menu. The index (index.js: const INDEX, one entry a section) is loaded when it is first needed.
const byId = id => document.getElementById(id), box = document.querySelector("#search input"), panel = byId("results");
let loading;
const load = () => loading ??= new Promise(done => {
  const script = document.createElement("script");
  script.src = UP + "theme/index.js";
  script.onload = done;
  document.head.append(script);
});
const plain = text => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");

function find(query, most) {
  // Every word must begin a word of the section; a hit in a heading weighs more than one in a title, that more than the text.
  const words = plain(query).split(/\s+/).filter(Boolean).map(w => new RegExp("(?<![\\p{L}\\p{N}])" + w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gu"));
  const hits = [];
  if (words.length) for (const [href, title, heading, text] of INDEX) {
    let score = 0;
    for (const word of words) {
      const count = s => (plain(s).match(word) || []).length;
      const points = 8 * count(heading) + 4 * count(title) + Math.min(count(text), 5);
      if (!points) { score = 0; break }
      score += points;
    }
    if (score) hits.push({score, href, title, heading, text});
  }
  return hits.sort((a, b) => b.score - a.score).slice(0, most).map(hit => {
    const at = plain(hit.text).search(new RegExp(words[0].source, "u")), start = Math.max(0, at - 50);
    const link = document.createElement("a"), name = document.createElement("b"), excerpt = document.createElement("span");
    link.href = UP + hit.href;
    name.textContent = hit.title + (hit.heading ? " › " + hit.heading : "");
    excerpt.textContent = (start ? "…" : "") + hit.text.slice(start, start + 160) + "…";
    link.append(name, excerpt);
    return link;
  });
}
const none = () => Object.assign(document.createElement("p"), {textContent: "Nothing found."});
async function show(target, query, most) {
  await load();
  const links = find(query, most);
  target.replaceChildren(...(links.length || !query.trim() ? links : [none()]));
}
box.addEventListener("focus", load);
box.addEventListener("input", async () => { await show(panel, box.value, 8); panel.hidden = !box.value.trim() });
document.addEventListener("click", event => { if (!byId("search").contains(event.target)) panel.hidden = true });
document.addEventListener("keydown", event => {
  if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus() }
  if (event.key === "Escape") { panel.hidden = true; box.blur() }
});
const asked = new URLSearchParams(location.search).get("q");
if (byId("found") && asked) { box.value = asked; show(byId("found"), asked, 50) }

byId("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme) } catch (e) {}
});
byId("menu").addEventListener("click", () => byId("menu").setAttribute("aria-expanded", document.body.classList.toggle("menu")));
document.querySelector("nav [aria-current]")?.scrollIntoView({block: "center"});
window.scrollTo(0, 0);
if (location.hash) byId(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
