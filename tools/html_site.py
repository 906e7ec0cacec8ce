"""The site without Quarto: the processed notebooks by nbconvert, mathematics as MathML, search and dark mode offline.

Pages load nothing from elsewhere. nbs/sidebar.yml gives the order of pages; theme/ holds the template, style and script.
"""
import html, json, re, shutil
from pathlib import Path

import jinja2, nbformat, yaml
from math_core import LatexToMathML
from nbconvert import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter

from markup import KINDS, labels, references, sources

THEME = Path(__file__).with_name("theme")
OPTION = re.compile(r"^#\|\s*([\w-]+)\s*:\s*(.*)$", re.M)
mathml = LatexToMathML(fancy_error=False)


# ---- pages and their order

def front(nb):
    "The front matter of a processed notebook."
    first = nb.cells[0].source.strip() if nb.cells else ""
    return (yaml.safe_load(first.strip("-")) or {}) if first.startswith("---") else {}


def target(path, nb):
    "The page of a notebook, named as nbdev does: 01_fields.ipynb is fields.html."
    return path.with_name(front(nb).get("output-file") or f"{path.stem}.html")


def order(contents, folder, section=""):
    "Sections and pages of the sidebar, in order, with patterns expanded: (section, path below the folder)."
    for item in contents if isinstance(contents, list) else [contents]:
        if isinstance(item, dict): yield from order(item.get("contents", item.get("href", [])), folder, item.get("section", section))
        else: yield from ((section, p.relative_to(folder)) for p in sorted(folder.glob(item), key=lambda p: (p.stem != "index", p.name)) if p.name[0] not in "._")


def read(path):
    "A notebook, or a page of Markdown as a notebook of one cell."
    if path.suffix == ".ipynb": return nbformat.read(path, 4)
    _, meta, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell(f"---\n{meta}---"), nbformat.v4.new_markdown_cell(body)])


class Page:
    "One page: where it comes from, where it goes, what it is called."
    def __init__(self, path, section, nb):
        self.path, self.section, self.nb, self.meta = path, section, nb, front(nb)
        self.href = target(path, nb).as_posix()
        self.title, self.about = str(self.meta.get("title", path.stem)), self.meta.get("description", "")
        self.up, self.numbers = "../"*(len(path.parts) - 1), labels(nb)


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
        return f'<div class="equation"{f" id={label!r}" if label else ""}>{math}' + (f'<span class="number">({number})</span>' if number else "") + "</div>"

    def latex_environment(self, name, body): return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def heading(self, text, level, **attrs):
        mark = re.search(r"\s*\{#([^}]+)\}\s*$", text)
        name = mark[1] if mark else slug(text)
        text = text[:mark.start()] if mark else text
        self.seen[name] = self.seen.get(name, -1) + 1
        if self.seen[name]: name = f"{name}-{self.seen[name]}"
        self.headings.append((name, re.sub(r"</?a[^>]*>", "", text), level))
        return f'<h{level} id="{name}">{text} <a class="anchor" href="#{name}" aria-label="Link to this section">#</a></h{level}>\n'


class Exporter(TemplateExporter):
    "HTML of a notebook's cells; the page around them is theme/page.html.j2."
    def __init__(self, pages):
        super().__init__(file_extension=".html", template_name="notebook", extra_template_basedirs=[str(THEME)], exclude_input_prompt=True, exclude_output_prompt=True)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="python", parent=self))
        self.register_filter("markdown2html", self.render)
        self.where = {label: [q for q in pages if label in q.numbers] for p in pages for label in p.numbers}

    def quarto(self, text):
        "Markdown without what only Quarto reads."
        page = self.page
        text = re.sub(r"\)\{[^}\n]*\}", ")", text)
        text = re.sub(r"\[\]\{#([\w-]+)\}", r'<a id="\1"></a>', text)
        text = re.sub(r"\$\$\s*\{#(eq-[\w-]+)\}", lambda m: f"%%{m[1]}:{page.numbers[m[1]]}$$", text)
        def theorem(m):
            number, name = f"Theorem {page.numbers[m[1]]}", m[2]
            return f'<div class="theorem" id="{m[1]}">\n\n**{number}{"" if name == "Theorem" else f" · {name}"}**'
        text = re.sub(r"^:{3,}\s*\{#(thm-[\w-]+)\}\s*\*\*(.+?)\*\*", theorem, text, flags=re.M)
        text = re.sub(r"^:{3,}\s*$", "\n</div>\n", text, flags=re.M)
        def label(name):
            found = [page] if name in page.numbers else self.where.get(name, [])
            if not found: return None
            words = f"{KINDS[name.partition('-')[0]]} {found[0].numbers[name]}"
            return f"[{words}](#{name})" if found[0] is page else f"[{words} of {found[0].title}]({page.up}{found[0].href}#{name})"
        return references(text, label, lambda key, words: f"[{words}]({page.up}references.html#{key})")

    def render(self, text): return MarkdownWithMath(renderer=self.renderer).render(self.quarto(text))

    def inline(self, text): return self.render(text).strip().removeprefix("<p>").removesuffix("</p>")

    def body(self, page):
        "The HTML of a page's cells, and its headings."
        self.page, self.renderer = page, Renderer()
        cells = []
        for cell in page.nb.cells:
            if cell.cell_type == "raw" or cell.source.startswith("<!-- WARNING"): continue
            if cell.cell_type == "code":
                options = dict(OPTION.findall(cell.source))
                cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M)
                if options.get("include") == "false": continue
                if options.get("output") == "false": cell.outputs = []
                if options.get("echo") == "false" or "show_doc(" in cell.source: cell.metadata["transient"] = {"remove_source": True}
                caption, alt = (yaml.safe_load(options.get(k, "''")) for k in ("fig-cap", "fig-alt"))
                for o in cell.outputs:
                    if "image/png" not in o.get("data", {}): continue
                    o.metadata["alt"] = alt or re.sub(r"[$\\{}]", "", caption or "")
                    if not caption: continue
                    name = options.get("label", "")
                    number = f"Figure {page.numbers[name]}: " if name in page.numbers else ""
                    o.metadata["caption"], o.metadata["label"] = self.inline(number + caption), name
            if cell.source.strip() or cell.get("outputs"): cells.append(cell)
        nb = page.nb
        nb.cells, nb.metadata["language_info"] = cells, {"name": "python", "pygments_lexer": "python"}
        try: return self.from_notebook_node(nb)[0], self.renderer.headings
        except Exception as error: raise SystemExit(f"{page.path}: {error}")


# ---- the site

def relative(body, page, pages, host):
    "Point links at this site's own pages."
    notebooks = {p.path.as_posix(): p.href for p in pages}
    def local(m):
        href, _, anchor = m[1].partition("#")
        if href.startswith(host): href = page.up + (href.removeprefix(host).lstrip("/") or "index.html")
        elif href.endswith((".ipynb", ".qmd")) and "://" not in href:
            name = Path("/", page.path.parent, href).resolve().relative_to("/").as_posix()
            href = page.up + notebooks.get(name, name)
        return f'href="{href}{"#" if anchor else ""}{anchor}"'
    return re.sub(r'(?<=<a )href="([^"]*)"', local, body)


def sections(body, page):
    "What search finds: one entry a section, (address, page, heading, text)."
    prose = re.sub(r"<math\b.*?</math>", lambda m: re.sub(r"<[^>]+>|\s+", "", m[0]), body, flags=re.S)
    prose = re.sub(r"<(pre|summary)\b.*?</\1>|<a class=.anchor.*?</a>|<img[^>]*>", " ", prose, flags=re.S)
    text = lambda part: re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part))).strip()
    first, *rest = re.split(r'<h[2-4] id="([^"]*)">(.*?)</h[2-4]>', prose, flags=re.S)
    entries = [("", "", first), *((f"#{anchor}", heading, part) for anchor, heading, part in zip(rest[::3], rest[1::3], rest[2::3]))]
    return [(page.href + anchor, page.title, text(heading), text(part)) for anchor, heading, part in entries]


def style():
    "The style sheet: ours and that of highlighted code, light and dark."
    css = (THEME/"style.css").read_text(encoding="utf-8")
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("friendly", "github-dark"))
    scoped = lambda prefix: "\n".join(f"{prefix} {rule}" for rule in dark.splitlines() if rule.startswith(".highlight"))
    return f"{css}\n{light}\n{scoped(':root[data-theme=dark]')}\n@media (prefers-color-scheme: dark) {{\n{scoped(':root:not([data-theme=light])')}\n}}\n"


def build(work, docs):
    "Write the site in `docs` from the processed notebooks and pages in `work`."
    from nbdev.config import get_config
    config = get_config()
    host = f"{config.doc_host}{config.doc_baseurl}".rstrip("/")
    sidebar = yaml.safe_load((work/"sidebar.yml").read_text(encoding="utf-8"))["website"]["sidebar"]["contents"]
    sections_of = {}
    for section, path in order(sidebar, work): sections_of.setdefault(path, section)
    rest = sorted({p.relative_to(work) for p in work.rglob("*") if p.suffix in (".ipynb", ".qmd")} - set(sections_of))  # not in the sidebar
    behind = lambda path: [p for p in rest if path.stem == "index" and path.parent == p.parent]                        # but behind their index
    paths = dict.fromkeys([*(p for path in sections_of for p in (path, *behind(path))), *rest])
    pages = [Page(path, sections_of.get(path), read(work/path)) for path in paths]
    exporter, index = Exporter(pages), []
    template = jinja2.Environment(loader=jinja2.FileSystemLoader(THEME), autoescape=True).get_template("page.html.j2")
    groups = {section: [p for p in pages if p.section == section] for section in dict.fromkeys(p.section for p in pages) if section is not None}
    def write(page, body, toc=(), around=(None, None), about=""):
        (docs/page.href).parent.mkdir(parents=True, exist_ok=True)
        (docs/page.href).write_text(template.render(page=page, groups=groups, body=body, toc=toc, around=around, about=about, project=config.title, repo=config.git_url), encoding="utf-8")
    for before, page, after in zip([None, *pages], pages, [*pages[1:], None]):
        body, headings = exporter.body(page)
        body = relative(body, page, pages, host)
        index += sections(body, page)
        write(page, body, [h for h in headings if h[2] in (2, 3)], (before, after), relative(exporter.inline(page.about), page, pages, host))
    nothing = nbformat.v4.new_notebook(cells=[nbformat.v4.new_raw_cell("---\ntitle: Search\n---")])
    write(Page(Path("search.html"), "", nothing), '<div id="found"></div><noscript>Search needs JavaScript.</noscript>')
    (docs/"theme").mkdir()
    (docs/"theme/style.css").write_text(style(), encoding="utf-8")
    shutil.copy(THEME/"site.js", docs/"theme")
    (docs/"theme/index.js").write_text(f"const INDEX = {json.dumps(index, ensure_ascii=False, separators=(',', ':'))};\n", encoding="utf-8")
    import ziamath
    shutil.copy(Path(ziamath.__file__).parent/"fonts/STIXTwoMath-Regular.ttf", docs/"theme")
    for extra in work.rglob("*"):  # pictures that pages refer to
        if extra.suffix in {".png", ".svg", ".jpg"} and not any(part[0] in "._" for part in extra.relative_to(work).parts):
            (docs/extra.relative_to(work)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(extra, docs/extra.relative_to(work))
    print(f"wrote {len(pages) + 1} pages; open {docs}/index.html")
