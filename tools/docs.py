"""Build the site, the README, or the figures of both. Run by `make docs`, `make readme` and `make figures`, from the project's folder.

nbdev processes the notebooks into _proc/ (directives, documentation of exported functions, links); this adds a reference
of every public name and the list of sources. Quarto renders that where it is installed, html_site.py where it is not,
and check_site.py looks at the result. Nothing is executed for the site: the outputs saved in the notebooks are shown.
"""
import argparse, ast, re, shutil, subprocess, sys, tempfile
from itertools import groupby
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

import api, check_site, html_site, markup

HIDDEN = {"hide", "default_exp", "export", "exporti"}  # directives whose cells readers do not see in the README
DIRECTIVE = re.compile(r"^\s*#\s*\|\s*([\w-]+)\s*(?::\s*(.*))?$")
FIGURES = ["index.ipynb", "results/*.ipynb"]           # notebooks whose figures and tables come from committed rows


# ---- README

def visible(cell):
    "The cell as a reader sees it: without directive lines, None if it is hidden."
    if cell.cell_type != "code": return cell
    lines, directives = cell.source.splitlines(), {}
    while lines and (m := DIRECTIVE.match(lines[0])):
        directives[m[1]] = (m[2] or "").strip()
        lines.pop(0)
    if HIDDEN & directives.keys() or directives.get("include") == "false": return None
    cell.source = "\n".join(lines)
    if directives.get("echo") == "false": cell.metadata["transient"] = {"remove_source": True}
    if directives.get("output") == "false": cell.outputs = []
    return cell if cell.source or cell.outputs else None


def readme():
    "README.md from nbs/index.ipynb; its pictures stay, or are written, below nbs/."
    source = Path("nbs/index.ipynb")
    if not source.exists(): sys.exit("nbs/index.ipynb is missing: README.md is written from it")
    if shutil.which("quarto"): return subprocess.run([Path(sys.executable).with_name("nbdev_readme")], check=True)
    nb = nbformat.read(source, 4)
    numbers = markup.labels(nb)
    nb.cells = [c for c in map(visible, nb.cells) if c is not None]
    for cell in nb.cells:
        if cell.cell_type == "markdown": cell.source = markup.plain(cell.source, numbers)
    nb.metadata["language_info"] = {"name": "python"}  # nbdev_clean strips it
    files = Path("nbs/index_files")
    shutil.rmtree(files, ignore_errors=True)
    text, resources = MarkdownExporter().from_notebook_node(nb, resources={"output_files_dir": str(files), "unique_key": "index"})
    text = re.sub(r"(!\[[^\]]*\]\()(?!https?:|data:|/|nbs/)", r"\1nbs/", text)            # pictures beside the notebook
    text = re.sub(r"(<img\b[^>]*\bsrc=[\"'])(?!https?:|data:|/|nbs/)", r"\1nbs/", text)
    text = re.sub(r"(\]\()(?!https?:|#|/|nbs/)([^)\s]+\.ipynb)", r"\1nbs/\2", text)        # links to other notebooks
    for name, data in resources.get("outputs", {}).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    note = "<!-- Written by `make readme` from nbs/index.ipynb: edit that. -->\n\n"
    Path("README.md").write_text(note + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", encoding="utf-8")
    print("wrote README.md")


# ---- figures

def figures():
    "Run the notebooks that draw and tabulate committed rows, in place, then write the README."
    from nbclient import NotebookClient
    for path in sorted(p for pattern in FIGURES for p in Path("nbs").glob(pattern)):
        nb = nbformat.read(path, 4)
        NotebookClient(nb, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
        nbformat.write(nb, path)
        subprocess.run([Path(sys.executable).with_name("nbdev_clean"), "--fname", path], check=True)
        print(f"ran {path}")
    readme()


# ---- site

def described(cell):
    "Words for a figure that states none (`fig-cap`, `fig-alt`): what the code writes on its axes."
    if re.search(r"^#\|\s*fig-(cap|alt):", cell.source, re.M): return cell.source
    words, calls = {}, [n for n in ast.walk(ast.parse(re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.M))) if isinstance(n, ast.Call)]
    for call in calls:
        name = getattr(call.func, "attr", "").removeprefix("set_")
        for key, value in [(k.arg, k.value) for k in call.keywords] + [(name, a) for a in call.args[:1]]:
            if key in ("xlabel", "ylabel", "title", "supxlabel", "supylabel") and (isinstance(value, ast.Constant) and isinstance(value.value, str)):
                words.setdefault(key.replace("sup", ""), value.value)
    axes = " against ".join(words[k] for k in ("ylabel", "xlabel") if words.get(k))
    text = ": ".join(t for t in (words.get("title"), axes) if t) or "figure; the text around it says what it shows"
    return f"#| fig-alt: {('Plot. ' + text).replace('$', '').replace(chr(92), '')!r}\n{cell.source}"


def shown(cell):
    "The public name that a cell of nbdev documents, None for any other cell."
    return m[1] if cell.cell_type == "code" and (m := re.search(r"^show_doc\(([\w.]+)", cell.source, re.M)) else None


def in_order(nb, package, module):
    "nbdev documents the names of one cell in reverse: put them back in the order of the source."
    cells = []
    for docs, run in groupby(nb.cells, key=lambda c: shown(c) is not None):
        cells += sorted(run, key=lambda c: api.line(api.find(shown(c), module, package))) if docs else run
    nb.cells = cells


def documented(cell, package, module, numbers):
    "nbdev's documentation of one public name, in the form of the reference and with its source behind a fold."
    name = shown(cell)
    for output in cell.outputs:
        if "text/markdown" in output.get("data", {}): output["data"]["text/markdown"] = api.summary(name, module, package, numbers)


def parted(nb):
    "nbdev keeps only the title and the line below it of the first cell, and reads a list there as settings: the rest gets a cell."
    if not (m := re.match(r"# [^\n]*\n*(?:>[^\n]*\n?)*", nb.cells[0].source)): return
    head, rest = m[0].strip(), nb.cells[0].source[m.end():].strip()
    nb.cells[0].source = head
    if rest: nb.cells.insert(1, nbformat.v4.new_markdown_cell(rest, id="below-title"))


def processed():
    "_proc/, by nbdev. It executes every cell that imports something, to document functions: tests that do are kept from running."
    from nbdev.serve import proc_nbs
    with tempfile.TemporaryDirectory(prefix="ept-docs-") as folder:
        source = shutil.copytree("nbs", Path(folder)/"nbs", ignore=shutil.ignore_patterns(".*"))
        for path in source.rglob("*.ipynb"):
            nb = nbformat.read(path, 4)
            parted(nb)
            for cell in nb.cells:
                if cell.cell_type != "code" or re.search(r"^#\|\s*export", cell.source, re.M) or "import " not in cell.source: continue
                try: body = ast.parse(cell.source).body
                except SyntaxError: continue
                if not all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in body): cell.source = f"#| eval: false\n{cell.source}"
            nbformat.write(nb, path)
        try: return Path(proc_nbs(path=source, force=True))
        except Exception as error: sys.exit(f"{error}\n\nnbdev could not process the notebooks: are they exported (make export), and do their imports run?")


def prepare():
    "The processed notebooks and the written pages, ready for Quarto or for html_site; returns their folder."
    from nbdev.config import get_config
    package, work = get_config().lib_name, processed()
    read = {path.relative_to(work): nbformat.read(path, 4) for path in sorted(work.rglob("*.ipynb"))}
    for path, nb in read.items():
        in_order(nb, package, html_site.target(path, nb).stem)
        CoalesceStreamsPreprocessor(enabled=True)(nb, {})  # lines that a cell printed at different moments
    linked = {html_site.target(path, nb).as_posix(): (html_site.front(nb).get("title", path.stem), nb) for path, nb in read.items()}
    written = {f"api/{name}": text for name, text in api.pages(package, api.mentions(linked), {page: markup.labels(nb) for page, (_, nb) in linked.items()}).items()}
    written["references.qmd"] = "---\ntitle: References\n---\n\n" + "\n\n".join(f"[]{{#{key}}}{entry}" for key, (*_, entry) in sorted(markup.sources().items()))
    for path, nb in read.items():
        for cell in nb.cells:
            if cell.cell_type == "markdown": cell.source = re.sub(r"\]\(https?://[^)\s]*?/(\w+\.html#[\w]+\.[\w.]+)\)", rf"]({'../'*(len(path.parts) - 1)}api/\1)", cell.source)  # methods
            elif shown(cell): documented(cell, package, html_site.target(path, nb).stem, markup.labels(nb))
            elif any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])): cell.source = described(cell)
        nbformat.write(nb, work/path)
    for name, text in written.items():
        (work/name).parent.mkdir(exist_ok=True)
        (work/name).write_text(text, encoding="utf-8")
    return work


def site():
    "The documentation in _docs/, checked."
    docs, work = Path("_docs"), prepare()
    shutil.rmtree(docs, ignore_errors=True)
    if shutil.which("quarto"):
        subprocess.run(["quarto", "render", "--no-execute", "--no-cache"], cwd=work, check=True)
        shutil.move(work/"_docs", docs)
    else: html_site.build(work, docs)
    sys.exit(check_site.main([str(docs)]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["site", "readme", "figures"])
    {"site": site, "readme": readme, "figures": figures}[parser.parse_args().what]()
