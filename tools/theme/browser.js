// Open every page in a frame, first wide, then narrow, and send what is wider than its box; then ask search.
const frame = document.createElement("iframe");
frame.style.cssText = "border: 0; height: 900px; visibility: hidden";  // laid out, not painted
document.body.append(frame);
const said = element => (element.innerText || element.alt || "").trim().replace(/\s+/g, " ").slice(0, 70);
const over = element => element.scrollWidth > element.clientWidth + 1;

function measure(width, narrow) {
  const page = frame.contentDocument, wide = [];
  const root = page.scrollingElement;
  if (root.scrollWidth > width + 1) {
    const body = page.querySelector("main") || page.body, right = e => e.getBoundingClientRect().right;
    const cause = [...body.querySelectorAll("*")].find(e => right(e) > width + 1 && !e.closest("pre, table, .equation"));
    wide.push(`scrolls sideways at ${width} px (${root.scrollWidth}): ${cause ? cause.tagName.toLowerCase() + " " + said(cause) : ""}`);
  }
  for (const block of page.querySelectorAll(narrow ? "main pre" : "main pre, main table, main .equation, main figure"))
    if (over(block)) wide.push(`${block.tagName.toLowerCase()} wider than its box at ${width} px (${block.scrollWidth} > ${block.clientWidth}): ${said(block)}`);
  return wide;
}
function broken() {
  const lines = [...frame.contentDocument.querySelectorAll(".highlight .l")];
  const tall = lines.filter(l => l.offsetHeight > 1.6*parseFloat(getComputedStyle(l).lineHeight));
  return tall.map(l => l.textContent.trimEnd());
}
async function look(page) {
  frame.style.width = WIDTHS[0] + "px";
  await new Promise(done => { frame.onload = done; frame.src = "/" + page });
  for (const fold of frame.contentDocument.querySelectorAll("main details")) fold.open = true;
  const found = {page, wide: measure(WIDTHS[0], false), broken: broken()};
  for (const width of WIDTHS.slice(1)) {
    frame.style.width = width + "px";
    found.wide.push(...measure(width, true));
  }
  return found;
}
async function ask(query, first) {
  frame.style.width = WIDTHS[0] + "px";
  await new Promise(done => { frame.onload = done; frame.src = "/search.html?q=" + encodeURIComponent(query) });
  const found = () => frame.contentDocument.querySelector("#found > *");
  for (let k = 0; k < 400 && !found(); k++) await new Promise(done => setTimeout(done, 25));
  const hit = found()?.href ? new URL(found().href).pathname.slice(1) : "nothing";
  return hit === first ? [] : [`${JSON.stringify(query)} finds ${hit} first, not ${first}`];
}
(async () => {
  for (const page of PAGES) {
    let found;
    try { found = await look(page) } catch (error) { found = {page, wide: [`could not be laid out: ${error}`], broken: []} }
    await fetch("/-found", {method: "POST", body: JSON.stringify(found)});
  }
  for (const [query, first] of Object.entries(ASKED)) {
    const found = {page: "search.html", wide: await ask(query, first), broken: []};
    await fetch("/-found", {method: "POST", body: JSON.stringify(found)});
  }
})();
