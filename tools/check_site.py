"""Check a built site, by Quarto or by html_site.py: python tools/check_site.py [_docs]. Ends with a count; 1 if anything is wrong.

Looks for links to pages or anchors that are not there, malformed addresses, TeX or Quarto marks left as text, failed
cells, pictures that are missing or have no alternative text, identifiers used twice, and pages without a title.
"""
import re, sys
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import unquote, urlparse

from bs4 import BeautifulSoup

UNREAD = {  # what must not be left in the text that readers see
    "TeX": re.compile(r"\$\$|\\(?:begin|frac|tfrac|mathrm|mathsf|mathbb|mathcal|operatorname|partial|nabla|beta|theta|varepsilon|left|right|sum|qquad)\b|\$[^$\n]{0,80}[\\^_{][^$\n]{0,80}\$"),
    "a table's mark": re.compile(r"\|\s*:?-{2,}"),
    "a link's mark": re.compile(r"\]\((?=[\w./#]*(?:\.ipynb|\.html|\.qmd|https?:))"),
    "a Quarto mark": re.compile(r"^\s*:{3,}|\{#(?:eq|thm|fig|sec)-|\?@\w|(?<![\w.])@(?:eq|thm|fig|sec)-\w|\[@\w+|^#\|\s", re.M),
}
NOT_TEXT = ["pre", "code", "script", "style", "math", "mjx-container", "template", "noscript"]


def check_page(path, soup, root, ids, hosts):
    "The problems of one page."
    def local(address):
        "The file and anchor that an address within the site means; None for one outside it."
        for host in hosts: address = address.replace(host, "/", 1) if address.startswith(host) else address
        parsed = urlparse(address)
        if parsed.scheme or parsed.netloc: return None
        base = root if parsed.path.startswith("/") else path.parent
        file = (base/unquote(parsed.path).lstrip("/")).resolve() if parsed.path else path.resolve()
        return file/"index.html" if file.is_dir() else file, unquote(parsed.fragment)

    if not (soup.title and soup.title.get_text(strip=True)): yield "no title"
    for element in soup.find_all(True):
        for attribute in ("href", "src"):
            address = element.get(attribute)
            if address is None or address.startswith(("data:", "mailto:", "javascript:")): continue
            if re.search(r"\s", address): yield f"{element.name}: malformed address {address!r}"
            elif (found := local(address)) is None:
                parsed = urlparse(address)
                if parsed.scheme not in ("http", "https") or not re.fullmatch(r"[\w.-]+(?::\d+)?", parsed.netloc): yield f"{element.name}: malformed address {address!r}"
            else:
                file, anchor = found
                if not file.exists(): yield f"{element.name}: no such file {address!r}"
                elif anchor and file in ids and anchor not in ids[file]: yield f"{element.name}: no such anchor {address!r}"
    for image in soup.find_all("img"):
        if not (image.get("alt") or "").strip() or "No description" in image["alt"]: yield f"no alternative text: {image.get('src', '')[:60]}"
        if image.get("src", "").startswith("data:") and len(image["src"]) < 100: yield "an empty picture"
    for element in soup.select(".output_error, .cell-output-error"): yield f"a failed cell: {element.get_text(strip=True)[-120:]}"
    seen = set()
    for element in soup.find_all(id=True):
        if element["id"] in seen: yield f"identifier used twice: {element['id']!r}"
        seen.add(element["id"])
    for element in soup.find_all(NOT_TEXT): element.decompose()
    for element in soup.select(".math"): element.decompose()  # Quarto's: typeset by MathJax in the browser
    text = soup.get_text()
    for what, pattern in UNREAD.items():
        for m in pattern.finditer(text): yield f"{what} left in the text: {text[max(0, m.start() - 20):m.end() + 40]!r}"


def check(root):
    "All problems of the site in a folder: (page, problem)."
    config = ConfigParser(delimiters=["="], interpolation=None)
    config.read("settings.ini", encoding="utf-8")
    host = f"{config['DEFAULT']['doc_host']}{config['DEFAULT']['doc_baseurl']}".rstrip("/") + "/"
    without_math = lambda text: re.sub(r"<math\b.*?</math>", "", text, flags=re.S)
    pages = {p.resolve(): BeautifulSoup(without_math(p.read_text(encoding="utf-8")), "html.parser") for p in sorted(root.rglob("*.html")) if "site_libs" not in p.parts}
    ids = {p: {e["id"] for e in soup.find_all(id=True)} | {e["name"] for e in soup.find_all("a", attrs={"name": True})} for p, soup in pages.items()}
    return len(pages), [(p.relative_to(root.resolve()), problem) for p, soup in pages.items() for problem in dict.fromkeys(check_page(p, soup, root, ids, [host]))]


def main(args):
    root = Path(args[0] if args else "_docs")
    if not root.is_dir(): sys.exit(f"{root}: no such folder; build the site by `make docs`")
    count, problems = check(root)
    for page, problem in problems: print(f"{page}: {problem}")
    if not count: print(f"{root}: no page in it")
    print(f"checked {count} pages: {len(problems)} problem{'s' * (len(problems) != 1)}")
    return int(bool(problems) or not count)


if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
