"""Build the site, the README, or the figures of both: `make docs`, `make readme`, `make figures`; or list gaps.

Run in the project's folder. nbdev processes the notebooks into _proc/ (directives, documentation of exported functions,
links); this adds a reference of every public name and the list of sources. Quarto renders that where it is installed,
html_site.py where it is not, and check_site.py looks at the result. Nothing is executed for the site: the outputs saved
in the notebooks are shown.
"""
import argparse, ast, re, shutil, subprocess, sys
from itertools import groupby
from pathlib import Path

import nbformat, yaml
from execnb.nbio import mk_cell, read_nb, write_nb
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbdev.processors import FilterDefaults, exec_show_docs

import api, check_site, html_site, markup, sitemap

HIDDEN = {"hide", "default_exp", "export", "exporti"}  # directives whose cells readers do not see in the README
DIRECTIVE = re.compile(r"^\s*#\s*\|\s*([\w-]+)\s*(?::\s*(.*))?$")
FIGURES = ["index.ipynb", "results/*.ipynb"]           # notebooks whose figures and tables come from committed rows
WORDS = {"xlabel", "ylabel", "title", "supxlabel", "supylabel"}
NOTE = "<!-- Written by `make readme` from nbs/index.ipynb: edit that. -->\n\n"


# ---- README

def directives(cell):
    "Take the directive lines off the head of a code cell: {name: value}."
    lines, found = cell.source.splitlines(), {}
    while lines and (m := DIRECTIVE.match(lines[0])):
        found[m[1]] = (m[2] or "").strip()
        lines.pop(0)
    cell.source = "\n".join(lines)
    return found


def visible(cell):
    "The cell as a reader sees it: without directive lines, None if it is hidden."
    if cell.cell_type != "code": return cell
    found = directives(cell)
    if HIDDEN & found.keys() or found.get("include") == "false": return None
    if found.get("echo") == "false" or found.get("code-fold") == "true":
        cell.metadata["transient"] = {"remove_source": True}
    pictured(cell, found)
    if found.get("output") == "false": cell.outputs = []
    return cell if cell.source or cell.outputs else None


def pictured(cell, found):
    "Give pictures the words that their cell states: for those who cannot see them, and below as a caption."
    caption, alt = (yaml.safe_load(found.get(key, "''")) for key in ("fig-cap", "fig-alt"))
    for output in cell.outputs:
        if "image/png" in output.get("data", {}): output.metadata.update(caption=caption, words=alt or caption)


def with_words(text, nb):
    "Markdown whose pictures say what `pictured` gave them."
    outputs = (o for c in nb.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {}))
    words = iter([(o.metadata.get("words") or "figure", o.metadata.get("caption")) for o in outputs])
    def picture(m):
        alt, caption = next(words)
        return f"![{alt}]({m[1]})" + (f"\n\n*{caption}*" if caption else "")
    return re.sub(r"[ \t]*!\[png\]\(([^)]+)\)[ \t]*", picture, text)


def from_root(text):
    "Markdown whose pictures and links to notebooks start at nbs/, as they stand in the project's folder."
    outside = r"(?!https?:|data:|/|nbs/)"
    text = re.sub(rf"(!\[[^\]]*\]\(){outside}", r"\1nbs/", text)
    text = re.sub(rf"(<img\b[^>]*\bsrc=[\"']){outside}", r"\1nbs/", text)
    return re.sub(r"(\]\()(?!https?:|#|/|nbs/)([^)\s]+\.ipynb)", r"\1nbs/\2", text)


def readable(nb):
    "A notebook as GitHub can show it: only what readers see, in plain Markdown."
    numbers = markup.labels(nb)
    nb.cells = [c for c in map(visible, nb.cells) if c is not None]
    CoalesceStreamsPreprocessor(enabled=True)(nb, {})      # lines that a cell printed at different moments
    for cell in nb.cells:
        if cell.cell_type == "markdown": cell.source = markup.plain(cell.source, numbers)
    nb.metadata["language_info"] = {"name": "python"}  # nbdev_clean strips it
    return nb


def readme():
    "README.md from nbs/index.ipynb; its pictures stay, or are written, below nbs/."
    source, files = Path("nbs/index.ipynb"), Path("nbs/index_files")
    if not source.exists(): sys.exit("nbs/index.ipynb is missing: README.md is written from it")
    if shutil.which("quarto"): return subprocess.run([Path(sys.executable).with_name("nbdev_readme")], check=True)
    nb = readable(nbformat.read(source, 4))
    shutil.rmtree(files, ignore_errors=True)
    where = {"output_files_dir": str(files), "unique_key": "index"}
    text, resources = MarkdownExporter().from_notebook_node(nb, resources=where)
    text = re.sub(r"^[ \t]+$", "", with_words(text, nb), flags=re.M)
    for name, data in resources.get("outputs", {}).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    Path("README.md").write_text(NOTE + re.sub(r"\n{3,}", "\n\n", from_root(text)).strip() + "\n", encoding="utf-8")
    print("wrote README.md")


# ---- figures

def figures():
    "Run the notebooks that draw and tabulate committed rows, in place, then write the README."
    from nbclient import NotebookClient
    for path in sorted(p for pattern in FIGURES for p in Path("nbs").glob(pattern)):
        nb, where = nbformat.read(path, 4), {"metadata": {"path": str(path.parent)}}
        NotebookClient(nb, timeout=600, kernel_name="python3", resources=where).execute()
        nbformat.write(nb, path)
        subprocess.run([Path(sys.executable).with_name("nbdev_clean"), "--fname", path], check=True)
        print(f"ran {path}")
    readme()


# ---- cells of the site

def labelled(source):
    "What code writes on the axes of its first plot: {xlabel, ylabel, title: words}."
    words, code = {}, re.sub(r"^\s*[%!].*$", "", source, flags=re.M)
    for call in (n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call)):
        name = getattr(call.func, "attr", "").removeprefix("set_")
        for key, value in [(k.arg, k.value) for k in call.keywords] + [(name, a) for a in call.args[:1]]:
            said = isinstance(value, ast.Constant) and isinstance(value.value, str)
            if key in WORDS and said: words.setdefault(key.replace("sup", ""), value.value)
    return words


def described(cell):
    "The source of a cell whose figure states no words (`fig-cap`, `fig-alt`), with those on its axes."
    if re.search(r"^#\|\s*fig-(cap|alt):", cell.source, re.M): return cell.source
    words = labelled(cell.source)
    axes = " against ".join(words[k] for k in ("ylabel", "xlabel") if words.get(k))
    text = ": ".join(t for t in (words.get("title"), axes) if t) or "figure; the text around it says what it shows"
    return f"#| fig-alt: {('Plot. ' + text).replace('$', '').replace(chr(92), '')!r}\n{cell.source}"


def plots(source):
    "Whether code draws a figure."
    return re.search(r"\bplt\.(subplots|figure)\(|\bsns\.\w+plot\(", source) is not None


def folded(cell):
    "The source of a cell that draws a figure, behind a fold unless it says otherwise: the figure is what is read."
    if "code-fold" in cell.source or "echo: false" in cell.source or not plots(cell.source): return cell.source
    return f'#| code-fold: true\n#| code-summary: "Code of the figure"\n{cell.source}'


def shown(cell):
    "The public name that a cell of nbdev documents, None for any other cell."
    return m[1] if cell.cell_type == "code" and (m := re.search(r"^show_doc\(([\w.]+)", cell.source, re.M)) else None


def in_order(nb, module):
    "nbdev documents the names of one cell in reverse: put them back in the order of the source."
    cells = []
    for docs, run in groupby(nb.cells, key=lambda c: shown(c) is not None):
        cells += sorted(run, key=lambda c: api.line(api.find(shown(c), module))) if docs else run
    nb.cells = cells


def documented(cell, module, numbers, up):
    "Documentation of one public name, in the form of the reference and with its source behind a fold."
    text = api.summary(shown(cell), module, numbers, up)
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/markdown": text})]


def finished(nb, module, up):
    "The cells of a processed notebook as the site shows them, once every link to a name is right."
    numbers = markup.labels(nb)
    for cell in nb.cells:
        if cell.cell_type == "markdown": cell.source = api.into_reference(cell.source, up)
        elif shown(cell): documented(cell, module, numbers, up)
        elif any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
            cell.source = described(cell)
            cell.source = folded(cell)


def titled(nb, module):
    "A notebook of a nested module is called by its dotted name: there may be several `model`s."
    head = html_site.front(nb)
    if head and "." in module: nb.cells[0].source = f"---\n{yaml.dump({**head, 'title': module})}---\n"


def parted(nb):
    "nbdev keeps title and description of the first cell, and reads a list there as settings: the rest gets a cell."
    if not (m := re.match(r"# [^\n]*\n*(?:>[^\n]*\n?)*", nb.cells[0].source)): return
    head, rest = m[0].strip(), nb.cells[0].source[m.end():].strip()
    nb.cells[0].source = head
    if rest: nb.cells.insert(1, mk_cell(rest, "markdown", id="below-title"))


# ---- the reference

def parameters():
    "Name the parameters of public functions that lack a type or a meaning, and count them; returns the exit status."
    total = 0
    for name in sitemap.modules():
        found = [*api.unsaid(name)]
        for function, parameter, missing in found: print(f"{name}.{function}({parameter}): no {missing}")
        if found: print(f"  {name}: {len(found)}")
        total += len(found)
    print(f"{total} parameters lack a type or a meaning")
    return int(total > 0)


# ---- the site

class Processors(FilterDefaults):
    "nbdev's, but for the one that runs cells to document functions: `documented` does that from the modules."
    def base_procs(self): return [p for p in super().base_procs() if p is not exec_show_docs]


def seen(folder, names):
    "What of a folder does not go into the site."
    return [name for name in names if name[0] in "._" and name != "_quarto.yml"]


def processed():
    "_proc/: the notebooks with directives, links and places for documentation as nbdev gives them. Nothing is run."
    work = Path("_proc")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree("nbs", work, ignore=seen)
    for path in sorted(work.rglob("*.ipynb")):
        nb = read_nb(path)
        parted(nb)
        try: Processors()(nb)
        except Exception as error: sys.exit(f"{path}: {error}\n\nnbdev could not process this notebook")
        write_nb(nb, path)
    return work


def module_of(path):
    "The module that a notebook is exported to, None if it is exported to none."
    return api.explained().get(sitemap.page(path))


def read(work):
    "The processed notebooks {path: notebook}, named, in order and with links that know the module they stand in."
    found = {path.relative_to(work): nbformat.read(path, 4) for path in sorted(work.rglob("*.ipynb"))}
    for path, nb in found.items():
        module = module_of(path)
        if module: titled(nb, module)
        in_order(nb, module)
        CoalesceStreamsPreprocessor(enabled=True)(nb, {})  # lines that a cell printed at different moments
        for cell in nb.cells:
            if cell.cell_type == "markdown": cell.source = api.relinked(cell.source, module)
    return found


def bibliography():
    "The page of sources."
    entries = (f"[]{{#{key}}}{entry}" for key, (*_, entry) in sorted(markup.sources().items()))
    return "---\ntitle: References\n---\n\n" + "\n\n".join(entries)


def expanded(work):
    "sidebar.yml with pages in place of patterns: Quarto has an order of its own, and fails where a pattern takes none."
    config = yaml.safe_load((work/"sidebar.yml").read_text(encoding="utf-8"))
    contents = []
    for section, run in groupby(sitemap.order(sitemap.sidebar(work), work), key=lambda entry: entry[0]):
        paths = [path.as_posix() for _, path in run]
        contents += [{"section": section, "contents": paths}] if section else paths
    config["website"]["sidebar"]["contents"] = contents
    return yaml.dump(config, sort_keys=False)


def prepare():
    "The processed notebooks and the written pages, ready for Quarto or for html_site; returns their folder."
    work = processed()
    found = read(work)
    pages = {sitemap.page(path): (html_site.front(nb).get("title", path.stem), nb) for path, nb in found.items()}
    written = api.pages(api.mentions(pages), {page: markup.labels(nb) for page, (_, nb) in pages.items()})
    written["references.html"] = bibliography()
    for path, nb in found.items():
        finished(nb, module_of(path), "../"*(len(path.parts) - 1))
        nbformat.write(nb, work/path)
    for page, text in written.items():
        (work/page).parent.mkdir(exist_ok=True)
        (work/page).with_suffix(".qmd").write_text(text, encoding="utf-8")
    (work/"sidebar.yml").write_text(expanded(work), encoding="utf-8")
    return work


def site():
    "The documentation in _docs/, checked."
    if wrong := sitemap.check(): sys.exit("\n".join(wrong))
    docs, work = Path("_docs"), prepare()
    shutil.rmtree(docs, ignore_errors=True)
    if shutil.which("quarto"):
        subprocess.run(["quarto", "render", "--no-execute", "--no-cache"], cwd=work, check=True)
        shutil.move(work/"_docs", docs)
    else: html_site.build(work, docs)
    sys.exit(max(parameters(), check_site.main([str(docs)])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["site", "readme", "figures", "parameters"])
    sys.exit({"site": site, "readme": readme, "figures": figures, "parameters": parameters}[parser.parse_args().what]())
