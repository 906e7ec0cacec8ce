"""Check a built site, by Quarto or by html_site.py: python tools/check_site.py [_docs] [--broken].

Looks for links to pages or anchors that are not there, malformed addresses, TeX or Quarto marks left as text, failed
cells, raw dictionaries shown as output, pictures that are missing or have no alternative text, identifiers used twice,
pages without a title, and modules without a page of reference. Where there is a Chromium it also lays out every page at
1440 and 390 pixels (browser.py): no block may be wider than its box, no page may scroll sideways; and asks its search.
Ends with a count, and with status 1 if anything is wrong. --broken also names each line of code that had to be broken
to fit at 1440 pixels.
"""
import re, sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlparse

import browser, sitemap

TEX = (r"\\(?:begin|frac|tfrac|mathrm|mathsf|mathbb|mathcal|operatorname"
       r"|partial|nabla|beta|theta|varepsilon|left|right|sum|qquad)\b")
LABELS = "(?:eq|thm|fig|sec)-"
UNREAD = {  # what must not be left in the text that readers see
    "TeX": re.compile(rf"\$\$|{TEX}|\$[^$\n]{{0,80}}[\\^_{{][^$\n]{{0,80}}\$"),
    "a table's mark": re.compile(r"\|\s*:?-{2,}"),
    "a link's mark": re.compile(r"\]\((?=[\w./#]*(?:\.ipynb|\.html|\.qmd|https?:))"),
    "a Quarto mark": re.compile(rf"^\s*:{{3,}}|\{{#{LABELS}|\?@\w|(?<![\w.])@{LABELS}\w|\[@\w+|^#\|\s", re.M),
}
HEAVY = re.compile(r"<(pre|math|script|style)\b.*?</\1>", re.S)  # most of a page, and no link or text of ours in it
NOT_TEXT = {"pre", "code", "script", "style", "math", "mjx-container", "template", "noscript"}
VOID = {"img", "br", "hr", "input", "meta", "link", "col", "source", "wbr", "area", "base", "embed", "track"}
FAILED = re.compile(r'class="[^"]*\b(?:output_error|cell-output-error)\b[^"]*">(.{0,4000})', re.S)
RAW = re.compile(r"<pre>\s*(\[?\{(?:'|&#39;|&quot;)[^<]{0,80})")  # an output that is a dictionary as Python writes it
ELSEWHERE = ("data:", "mailto:", "javascript:")


# ---- reading

class Page(HTMLParser):
    "What is looked at on one page, in one pass."
    def __init__(self, text):
        super().__init__()
        self.failed = [re.sub(r"<[^>]+>", "", shown)[-120:].strip() for shown in FAILED.findall(text)]
        self.raw = RAW.findall(text)
        self.title, self.text, self.links, self.images, self.ids, self.names = "", [], [], [], [], []
        self.unseen, self.inside = [], ""  # elements open within one whose text is not read; the last one opened
        self.feed(HEAVY.sub("", text))
        self.close()
        self.text = "".join(self.text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.inside = tag
        self.links += [(tag, address) for key in ("href", "src") if (address := found.get(key)) is not None]
        if tag == "img": self.images.append((found.get("src") or "", (found.get("alt") or "").strip()))
        if "id" in found: self.ids.append(found["id"])
        if tag == "a" and "name" in found: self.names.append(found["name"])
        typeset = "math" in (found.get("class") or "").split()  # Quarto's: set by MathJax in the browser
        if tag not in VOID and (self.unseen or tag in NOT_TEXT or typeset): self.unseen.append(tag)

    def handle_endtag(self, tag):
        self.inside = ""
        if tag in self.unseen: del self.unseen[len(self.unseen) - 1 - self.unseen[::-1].index(tag):]

    def handle_data(self, data):
        if self.inside == "title" and not self.title: self.title = data.strip()
        if not self.unseen: self.text.append(data)


def read(root):
    "The pages of the site: {path: page}."
    files = (p for p in sorted(root.rglob("*.html")) if "site_libs" not in p.parts)
    return {p.resolve(): Page(p.read_text(encoding="utf-8")) for p in files}


# ---- addresses

@cache
def local(address, path, root):
    "The file and anchor that an address within the site means, on the page `path`; None for one outside it."
    home = f"{sitemap.host()}/"
    if address.startswith(home): address = address.replace(home, "/", 1)
    parsed = urlparse(address)
    if parsed.scheme or parsed.netloc: return None
    base = root if parsed.path.startswith("/") else path.parent
    file = (base/unquote(parsed.path).lstrip("/")).resolve() if parsed.path else path.resolve()
    return file/"index.html" if file.is_dir() else file, unquote(parsed.fragment)


def well_formed(address):
    "Whether an address outside the site can be one."
    parsed = urlparse(address)
    return parsed.scheme in ("http", "https") and re.fullmatch(r"[\w.-]+(?::\d+)?", parsed.netloc)


def check_address(address, path, root, ids):
    "The problem of one address, None if it has none."
    if re.search(r"\s", address): return "malformed address"
    found = local(address, path, root)
    if found is None: return None if well_formed(address) else "malformed address"
    file, anchor = found
    if file not in ids and not file.exists(): return "no such file"
    return "no such anchor" if anchor and file in ids and anchor not in ids[file] else None


def check_links(page, path, root, ids):
    "Addresses of one page that lead nowhere."
    for tag, address in dict.fromkeys(page.links):
        if address.startswith(ELSEWHERE): continue
        if problem := check_address(address, path, root, ids): yield f"{tag}: {problem} {address!r}"


# ---- what stands on a page

def check_pictures(page):
    "Pictures that are empty, or say nothing to those who cannot see them."
    for source, alt in page.images:
        if not alt or "No description" in alt: yield f"no alternative text: {source[:60]}"
        if source.startswith("data:") and len(source) < 100: yield "an empty picture"


def check_text(page):
    "Marks left in the text that readers see."
    for what, pattern in UNREAD.items():
        for m in pattern.finditer(page.text):
            yield f"{what} left in the text: {page.text[max(0, m.start() - 20):m.end() + 40]!r}"


def check_page(path, page, root, ids):
    "The problems of one page."
    if not page.title: yield "no title"
    yield from check_links(page, path, root, ids)
    yield from check_pictures(page)
    yield from (f"a failed cell: {shown}" for shown in page.failed)
    yield from (f"a raw dictionary shown: {shown}" for shown in page.raw)
    seen = set()
    yield from (f"identifier used twice: {name!r}" for name in page.ids if name in seen or seen.add(name))
    yield from check_text(page)


def check(root):
    "How many pages the site in a folder has, and all their problems: (page, problem)."
    pages = read(root)
    ids = {path: {*page.ids, *page.names} for path, page in pages.items()}
    owed = [Path(sitemap.reference(name)) for name in sitemap.indexed()]
    found = [(page, "no such page of reference") for page in owed if not (root/page).exists()]
    for path, page in pages.items():
        name = path.relative_to(root.resolve())
        found += [(name, problem) for problem in dict.fromkeys(check_page(path, page, root, ids))]
    return len(pages), found


def main(args):
    "Print the problems and their count; returns the exit status."
    named = [a for a in args if a != "--broken"]
    root = Path(named[0] if named else "_docs")
    if not root.is_dir(): sys.exit(f"{root}: no such folder; build the site by `make docs`")
    count, problems = check(root)
    wide, broken = browser.check(root)
    problems += wide
    for page, problem in problems: print(f"{page}: {problem}")
    for page, line in broken if "--broken" in args else (): print(f"{page}: broken to fit: {line}")
    if broken: print(f"{len(broken)} lines of code are broken to fit {browser.WIDTHS[0]} pixels (--broken names them)")
    if not count: print(f"{root}: no page in it")
    print(f"checked {count} pages: {len(problems)} problem{'s' * (len(problems) != 1)}")
    return int(bool(problems) or not count)


if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
