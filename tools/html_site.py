"""The site without Quarto: the processed notebooks by nbconvert, mathematics as MathML, search and dark mode offline.

Pages load nothing from elsewhere. nbs/sidebar.yml gives their order; theme/ holds template, style and script.
"""
import html, json, re, shutil
from functools import cache
from pathlib import Path

import jinja2, nbformat, yaml
from math_core import LatexToMathML
from nbconvert import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

import sitemap
from markup import KINDS, labels, references

THEME = Path(__file__).with_name("theme")
OPTION = re.compile(r"^#\|\s*([\w-]+)\s*:\s*(.*)$", re.M)
SEARCH = Path(__file__).with_name("search.yml")
PICTURES = {".png", ".svg", ".jpg", ".gif"}
FEW = 2    # a section with no more pages than this is not folded
LONG = 20  # characters of code in a cell of a table that may be broken, behind one of these
BREAKS = re.compile(r"(?<=[\w)\]])([/_.,|=([]+)(?=\w)")
mathml = LatexToMathML(fancy_error=False)


# ---- pages and their order

def front(nb):
    "The front matter of a processed notebook."
    first = nb.cells[0].source.strip() if nb.cells else ""
    return (yaml.safe_load(first.strip("-")) or {}) if first.startswith("---") else {}


def read(path):
    "A notebook, or a page of Markdown as a notebook of one cell."
    if path.suffix == ".ipynb": return nbformat.read(path, 4)
    _, meta, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return nbformat.v4.new_notebook(cells=[raw(meta), nbformat.v4.new_markdown_cell(body)])


def raw(meta):
    "A cell of front matter."
    return nbformat.v4.new_raw_cell(f"---\n{meta}---")


class Page:
    "One page: where it comes from, where it goes, what it is called."
    def __init__(self, path, section, nb):
        self.path, self.section = path, section  # below the folder of processed notebooks; None behind an index
        self.nb, self.meta = nb, front(nb)
        self.href, self.up = sitemap.page(path), "../"*(len(path.parts) - 1)
        self.title, self.about = str(self.meta.get("title", path.stem)), self.meta.get("description", "")
        self.said = re.sub(r"[`*$]|\[([^\]]*)\]\([^)]*\)", r"\1", str(self.about))  # in plain words
        self.short = self.title.removeprefix(".".join([*path.parent.parts, ""]))  # in its section
        self.numbers = labels(nb)


def collected(work):
    "All pages in order: those of the sidebar, each index followed by the pages that stand behind it, then the rest."
    sections, place = {}, {sitemap.reference(name): number for number, name in enumerate(sitemap.modules())}
    for section, path in sitemap.order(sitemap.sidebar(work), work): sections.setdefault(path, section)
    every = {p.relative_to(work) for p in work.rglob("*") if p.suffix in (".ipynb", ".qmd")}
    rest = sorted(every - set(sections), key=lambda p: (place.get(sitemap.page(p), 0), p))
    paths = []
    for path in sections: paths += [path, *(p for p in rest if path.stem == "index" and p.parent == path.parent)]
    return [Page(path, sections.get(path), read(work/path)) for path in dict.fromkeys([*paths, *rest])]


# ---- code

@cache
def code_html(source, language):
    "Highlighted code, an element a line, so that a line too long for its box goes on below, indented further."
    text = highlight(source, get_lexer_by_name(language, stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n")
    def line(code, plain):
        depth = len(plain) - len(plain.lstrip())
        return f'<span class="l"{f" style=--i:{depth}" if depth else ""}>{code}\n</span>'
    lines = "".join(map(line, text.split("\n"), source.split("\n")))
    return f'<div class="highlight"><pre>{lines}</pre></div>\n'


def breakable(body):
    "Long code in tables with places where it may be broken."
    def code(m):
        if len(html.unescape(m[1])) < LONG: return m[0]
        return f"<code>{BREAKS.sub(lambda b: f'{b[1]}<wbr>', m[1])}</code>"
    return re.sub(r"<td\b.*?</td>", lambda m: re.sub(r"<code>([^<]*)</code>", code, m[0]), body, flags=re.S)


# ---- Markdown

def slug(text):
    "The identifier that Pandoc gives to a heading."
    text = re.sub(r"[^\w\s.-]", "", re.sub(r"<math.*?</math>|<[^>]+>", "", text, flags=re.S).lower())
    return re.sub(r"\s+", "-", re.sub(r"^[^a-z]+", "", text.strip())) or "section"


class Renderer(IPythonRenderer):
    "nbconvert's Markdown with mathematics as MathML, and headings listed with identifiers as Pandoc gives them."
    def __init__(self):
        super().__init__(escape=False)
        self.seen, self.headings = {}, []

    def inline_math(self, body): return mathml.convert_with_local_state(body.strip(), displaystyle=False)

    def block_math(self, body):
        body, _, mark = body.partition("%%")
        label, _, number = mark.partition(":")
        math = mathml.convert_with_local_state(body.strip(), displaystyle=True)
        name = f" id={label!r}" if label else ""
        shown = f'<span class="number">({number})</span>' if number else ""
        return f'<div class="equation"{name}>{math}{shown}</div>'

    def block_code(self, code, info=None):
        language = (info or "text").split()[0]
        return code_html(code.rstrip("\n"), language)

    def latex_environment(self, name, body): return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def heading(self, text, level, **attrs):
        mark = re.search(r"\s*\{#([^}]+)\}\s*$", text)
        name = mark[1] if mark else slug(text)
        text = text[:mark.start()] if mark else text
        self.seen[name] = self.seen.get(name, -1) + 1
        if self.seen[name]: name = f"{name}-{self.seen[name]}"
        self.headings.append((name, re.sub(r"</?a[^>]*>", "", text), level))
        link = f'<a class="anchor" href="#{name}" aria-label="Link to this section">#</a>'
        return f'<h{level} id="{name}">{text} {link}</h{level}>\n'


def theorem(m, page):
    "The head of a theorem, where Quarto opens a block."
    number, name = f"Theorem {page.numbers[m[1]]}", m[2]
    more = "" if name == "Theorem" else f" · {name}"
    return f'<div class="theorem" id="{m[1]}">\n\n**{number}{more}**'


def without_quarto(text, page):
    "Markdown without attributes, anchors, labels and blocks as only Quarto reads them."
    text = re.sub(r"\)\{[^}\n]*\}", ")", text)
    text = re.sub(r"\[\]\{#([\w-]+)\}", r'<a id="\1"></a>', text)
    text = re.sub(r"\$\$\s*\{#(eq-[\w-]+)\}", lambda m: f"%%{m[1]}:{page.numbers[m[1]]}$$", text)
    opening = re.compile(r"^:{3,}\s*\{#(thm-[\w-]+)\}\s*\*\*(.+?)\*\*", re.M)
    text = opening.sub(lambda m: theorem(m, page), text)
    return re.sub(r"^:{3,}\s*$", "\n</div>\n", text, flags=re.M)


# ---- cells

def options(cell):
    "Take the options of a cell off its source, and apply those that hide a part of it: {name: value}."
    found = dict(OPTION.findall(cell.source))
    cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M)
    if found.get("output") == "false": cell.outputs = []
    hidden = found.get("echo") == "false" or "show_doc(" in cell.source
    if hidden: cell.metadata["transient"] = {"remove_source": True}
    if found.get("code-fold") == "true": cell.metadata["fold"] = yaml.safe_load(found.get("code-summary", "Code"))
    return found


class Exporter(TemplateExporter):
    "HTML of a notebook's cells; the page around them is theme/page.html.j2."
    def __init__(self, pages):
        super().__init__(file_extension=".html", template_name="notebook", extra_template_basedirs=[str(THEME)],
                         exclude_input_prompt=True, exclude_output_prompt=True)
        self.register_filter("highlight_code", lambda source: code_html(source, "python"))
        self.register_filter("markdown2html", self.render)
        self.where = {label: [q for q in pages if label in q.numbers] for p in pages for label in p.numbers}

    def label(self, name):
        "A label as a link, to this page before another; None if no page has it."
        found = [self.page] if name in self.page.numbers else self.where.get(name)
        if not found: return None
        words, there = f"{KINDS[name.partition('-')[0]]} {found[0].numbers[name]}", found[0]
        if there is self.page: return f"[{words}](#{name})"
        return f"[{words} of {there.title}]({self.page.up}{there.href}#{name})"

    def render(self, text):
        "HTML of Markdown as the notebooks write it for Quarto."
        cite = lambda key, words: f"[{words}]({self.page.up}references.html#{key})"
        text = references(without_quarto(text, self.page), self.label, cite)
        return MarkdownWithMath(renderer=self.renderer).render(text)

    def inline(self, text): return self.render(text).strip().removeprefix("<p>").removesuffix("</p>")

    def captions(self, cell, found):
        "Caption, label and alternative text of a cell's pictures."
        caption, alt = (yaml.safe_load(found.get(key, "''")) for key in ("fig-cap", "fig-alt"))
        name, numbers = found.get("label", ""), self.page.numbers
        for o in cell.outputs:
            if not {"image/png", "image/gif"} & o.get("data", {}).keys(): continue
            o.metadata["alt"] = alt or re.sub(r"[$\\{}]", "", caption or "")
            if not caption: continue
            number = f"Figure {numbers[name]}: " if name in numbers else ""
            o.metadata.update(caption=self.inline(number + caption), label=name)

    def kept(self, cell):
        "Whether readers see a cell, with its options applied."
        if cell.cell_type == "raw" or cell.source.startswith("<!-- WARNING"): return False
        if cell.cell_type == "code":
            found = options(cell)
            if found.get("include") == "false": return False
            self.captions(cell, found)
        return bool(cell.source.strip() or cell.get("outputs"))

    def body(self, page):
        "The HTML of a page's cells, and its headings."
        self.page, self.renderer = page, Renderer()
        nb = page.nb
        nb.cells = list(filter(self.kept, nb.cells))
        nb.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
        try: return breakable(self.from_notebook_node(nb)[0]), self.renderer.headings
        except Exception as error: raise SystemExit(f"{page.path}: {error}")


# ---- the site

def relative(body, page, pages):
    "Point links at this site's own pages."
    notebooks, host = {p.path.as_posix(): p.href for p in pages}, sitemap.host()
    def local(m):
        href, mark, anchor = m[1].partition("#")
        if href.startswith(host): href = page.up + (href.removeprefix(host).lstrip("/") or "index.html")
        elif href.endswith((".ipynb", ".qmd")) and "://" not in href:
            name = Path("/", page.path.parent, href).resolve().relative_to("/").as_posix()
            href = page.up + notebooks.get(name, name)
        return f'href="{href}{mark}{anchor}"'
    return re.sub(r'(?<=<a )href="([^"]*)"', local, body)


def text_of(part):
    "The words of a piece of HTML."
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part))).strip()


def sections(body, page):
    "What search finds: one entry a section, (address, page, heading, text). The heads of tables are no text."
    prose = re.sub(r"<math\b.*?</math>", lambda m: re.sub(r"<[^>]+>|\s+", "", m[0]), body, flags=re.S)
    prose = re.sub(r"<(pre|summary|thead|style)\b.*?</\1>|<a class=.anchor.*?</a>|<img[^>]*>", " ", prose, flags=re.S)
    first, *rest = re.split(r'<h[2-4] id="([^"]*)">(.*?)</h[2-4]>', prose, flags=re.S)
    parts = zip(rest[::3], rest[1::3], rest[2::3])
    entries = [("", "", first), *((f"#{anchor}", heading, part) for anchor, heading, part in parts)]
    about = text_of(page.about) + " "
    return [(page.href + anchor, page.title, text_of(heading), (about if not anchor else "") + text_of(part))
            for anchor, heading, part in entries]


def with_words(index):
    "The entries with the words of search.yml, by which readers ask and pages do not speak; each must have its place."
    words = yaml.safe_load(SEARCH.read_text(encoding="utf-8"))["words"]
    if unknown := words.keys() - {href for href, *_ in index}: raise SystemExit(f"{SEARCH}: no such section: {unknown}")
    return [(*entry, words.get(entry[0], "")) for entry in index]


def style():
    "The style sheet: ours and that of highlighted code, light and dark."
    css = (THEME/"style.css").read_text(encoding="utf-8")
    code = lambda name: HtmlFormatter(style=name).get_style_defs(".highlight")
    rules = [rule for rule in code("github-dark").splitlines() if rule.startswith(".highlight")]
    dark = lambda prefix: "\n".join(f"{prefix} {rule}" for rule in rules)
    chosen, preferred = dark(":root[data-theme=dark]"), dark(":root:not([data-theme=light])")
    return f"{css}\n{code('friendly')}\n{chosen}\n@media (prefers-color-scheme: dark) {{\n{preferred}\n}}\n"


def grouped(pages):
    "The pages that the sidebar shows, by section: {section: pages}."
    found = {}
    for p in pages:
        if p.section is not None: found.setdefault(p.section, []).append(p)
    return found


def shelf(page, pages):
    "The page under which the sidebar holds a page: itself, or the index that it stands behind."
    index = next((p for p in pages if p.path.stem == "index" and p.path.parent == page.path.parent), page)
    return index if page.section is None else page


def write_theme(docs, index):
    "Style, script, font and the index that search reads."
    import ziamath
    theme = docs/"theme"
    theme.mkdir()
    (theme/"style.css").write_text(style(), encoding="utf-8")
    entries = json.dumps(with_words(index), ensure_ascii=False, separators=(",", ":"))
    (theme/"index.js").write_text(f"const INDEX = {entries};\n", encoding="utf-8")
    shutil.copy(THEME/"site.js", theme)
    shutil.copy(Path(ziamath.__file__).parent/"fonts/STIXTwoMath-Regular.ttf", theme)


def copy_pictures(work, docs):
    "The pictures that pages refer to."
    for path in work.rglob("*"):
        inside = path.relative_to(work)
        if path.suffix not in PICTURES or any(part[0] in "._" for part in inside.parts): continue
        (docs/inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, docs/inside)


def writer(docs, pages):
    "A function that writes one page into the frame that all share."
    config, loader = sitemap.settings(), jinja2.FileSystemLoader(THEME)
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("page.html.j2")
    shared = {"groups": grouped(pages), "few": FEW, "project": config["title"], "repo": config["git_url"],
              "version": config["version"]}
    def write(page, body, **parts):
        text = template.render(page=page, shelf=shelf(page, pages), body=body, **parts, **shared)
        (docs/page.href).parent.mkdir(parents=True, exist_ok=True)
        (docs/page.href).write_text(text, encoding="utf-8")
    return write


def build(work, docs):
    "Write the site in `docs` from the processed notebooks and pages in `work`."
    pages, index = collected(work), []
    exporter, write = Exporter(pages), writer(docs, pages)
    for before, page, after in zip([None, *pages], pages, [*pages[1:], None]):
        body, headings = exporter.body(page)
        body, about = relative(body, page, pages), relative(exporter.inline(page.about), page, pages)
        index += sections(body, page)
        toc = [heading for heading in headings if heading[2] in (2, 3)]
        write(page, body, toc=toc, before=before, after=after, about=about)
    search = Page(Path("search.html"), "", nbformat.v4.new_notebook(cells=[raw("title: Search\n")]))
    write(search, '<div id="found"></div><noscript>Search needs JavaScript.</noscript>')
    write_theme(docs, index)
    copy_pictures(work, docs)
    print(f"wrote {len(pages) + 1} pages; open {docs}/index.html")
