"""Check a built site, by Quarto or by html_site.py: python tools/check_site.py [_docs].

Looks for links to pages or anchors that are not there, malformed addresses, TeX or Quarto marks left as text, failed
cells, pictures that are missing or have no alternative text, identifiers used twice, pages without a title, and modules
without a page of reference. Ends with a count, and with status 1 if anything is wrong.
"""
import re, sys
from pathlib import Path
from urllib.parse import unquote, urlparse

from bs4 import BeautifulSoup

import sitemap

TEX = (r"\\(?:begin|frac|tfrac|mathrm|mathsf|mathbb|mathcal|operatorname"
       r"|partial|nabla|beta|theta|varepsilon|left|right|sum|qquad)\b")
LABELS = "(?:eq|thm|fig|sec)-"
UNREAD = {  # what must not be left in the text that readers see
    "TeX": re.compile(rf"\$\$|{TEX}|\$[^$\n]{{0,80}}[\\^_{{][^$\n]{{0,80}}\$"),
    "a table's mark": re.compile(r"\|\s*:?-{2,}"),
    "a link's mark": re.compile(r"\]\((?=[\w./#]*(?:\.ipynb|\.html|\.qmd|https?:))"),
    "a Quarto mark": re.compile(rf"^\s*:{{3,}}|\{{#{LABELS}|\?@\w|(?<![\w.])@{LABELS}\w|\[@\w+|^#\|\s", re.M),
}
NOT_TEXT = ["pre", "code", "script", "style", "math", "mjx-container", "template", "noscript"]
ELSEWHERE = ("data:", "mailto:", "javascript:")


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
    if not file.exists(): return "no such file"
    return "no such anchor" if anchor and file in ids and anchor not in ids[file] else None


def check_links(soup, path, root, ids):
    "Addresses of one page that lead nowhere."
    for element in soup.find_all(True):
        for address in filter(None.__ne__, (element.get(attribute) for attribute in ("href", "src"))):
            if address.startswith(ELSEWHERE): continue
            if problem := check_address(address, path, root, ids): yield f"{element.name}: {problem} {address!r}"


def check_pictures(soup):
    "Pictures that are empty, or say nothing to those who cannot see them."
    for image in soup.find_all("img"):
        source, alt = image.get("src", ""), (image.get("alt") or "").strip()
        if not alt or "No description" in alt: yield f"no alternative text: {source[:60]}"
        if source.startswith("data:") and len(source) < 100: yield "an empty picture"


def check_identifiers(soup):
    "Identifiers that a page uses twice."
    seen = set()
    for element in soup.find_all(id=True):
        if element["id"] in seen: yield f"identifier used twice: {element['id']!r}"
        seen.add(element["id"])


def check_text(soup):
    "Marks left in the text that readers see. Takes from the page what is not text."
    for element in soup.find_all(NOT_TEXT): element.decompose()
    for element in soup.select(".math"): element.decompose()  # Quarto's: typeset by MathJax in the browser
    text = soup.get_text()
    for what, pattern in UNREAD.items():
        for m in pattern.finditer(text):
            yield f"{what} left in the text: {text[max(0, m.start() - 20):m.end() + 40]!r}"


def check_page(path, soup, root, ids):
    "The problems of one page."
    if not (soup.title and soup.title.get_text(strip=True)): yield "no title"
    yield from check_links(soup, path, root, ids)
    yield from check_pictures(soup)
    for element in soup.select(".output_error, .cell-output-error"):
        yield f"a failed cell: {element.get_text(strip=True)[-120:]}"
    yield from check_identifiers(soup)
    yield from check_text(soup)


def read(root):
    "The pages of the site: {path: parsed}, without mathematics."
    def parsed(path):
        text = re.sub(r"<math\b.*?</math>", "", path.read_text(encoding="utf-8"), flags=re.S)
        return BeautifulSoup(text, "html.parser")
    return {p.resolve(): parsed(p) for p in sorted(root.rglob("*.html")) if "site_libs" not in p.parts}


def identifiers(soup):
    "What an anchor of a page may name."
    return {e["id"] for e in soup.find_all(id=True)} | {e["name"] for e in soup.find_all("a", attrs={"name": True})}


def check(root):
    "How many pages the site in a folder has, and all their problems: (page, problem)."
    pages = read(root)
    ids = {path: identifiers(soup) for path, soup in pages.items()}
    owed = [Path(sitemap.reference(name)) for name in sitemap.indexed()]
    found = [(page, "no such page of reference") for page in owed if not (root/page).exists()]
    for path, soup in pages.items():
        name = path.relative_to(root.resolve())
        found += [(name, problem) for problem in dict.fromkeys(check_page(path, soup, root, ids))]
    return len(pages), found


def main(args):
    "Print the problems and their count; returns the exit status."
    root = Path(args[0] if args else "_docs")
    if not root.is_dir(): sys.exit(f"{root}: no such folder; build the site by `make docs`")
    count, problems = check(root)
    for page, problem in problems: print(f"{page}: {problem}")
    if not count: print(f"{root}: no page in it")
    print(f"checked {count} pages: {len(problems)} problem{'s' * (len(problems) != 1)}")
    return int(bool(problems) or not count)


if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
