"""Build the site or the README. Run by `make docs` and `make readme`, from the project's folder.

With Quarto installed both are nbdev's own commands. Without it the site is plain HTML by nbconvert: nbdev still
processes the notebooks (directives, documentation of exported functions, links), and nbs/sidebar.yml gives the order.
Nothing is executed: the outputs saved in the notebooks are shown.
"""
import argparse, html, re, shutil, subprocess, sys
from functools import cache
from pathlib import Path

import nbformat, yaml
from nbconvert import HTMLExporter, MarkdownExporter

HIDDEN = {"hide", "default_exp", "export", "exporti"}  # directives whose cells readers do not see in the README
DIRECTIVE = re.compile(r"^\s*#\s*\|\s*([\w-]+)\s*(?::\s*(.*))?$")


def nbdev_command(name):
    "Run one of nbdev's commands with the Python that runs this script."
    subprocess.run([Path(sys.executable).with_name(name)], check=True)


def quarto_free(text, numbers):
    "Markdown without what only Quarto reads: ::: fences, attributes of links, labels of equations, citations."
    text = re.sub(r"\)\{target=[^}]*\}", ")", re.sub(r"^:::.*$", "", text, flags=re.M))
    number = lambda m: f"\\tag{{{numbers.setdefault(m[1], len(numbers) + 1)}}} $$"
    text = re.sub(r"\$\$\s*\{#(eq-[\w-]+)\}", number, text)
    text = re.sub(r"@(eq-[\w-]+)", lambda m: f"Eq. ({numbers.get(m[1], m[1])})", text)
    cites = sources()
    group = lambda m: "(" + "; ".join(cites.get(k, k) for k in re.findall(r"@([\w-]+)", m[1])) + ")"
    text = re.sub(r"\[(@[\w-]+(?:\s*;\s*@[\w-]+)*)\]", group, text)
    return re.sub(r"(?<![\w.\[])@([a-z]+\d{4}[a-z]*)", lambda m: cites.get(m[1], m[0]), text)


@cache
def sources():
    "Each key of nbs/references.bib as a link: author, year."
    found = {}
    for key, entry in re.findall(r"^@\w+\{([\w-]+),\n(.*?)^\}", Path("nbs/references.bib").read_text(encoding="utf-8"), re.M | re.S):
        value = {k: re.sub(r"[{}]", "", v) for k, v in re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", entry, re.M)}
        names = [a.split(",")[0] for a in value["author"].split(" and ")]
        who = names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        url = f"https://doi.org/{value['doi']}" if "doi" in value else f"https://arxiv.org/abs/{value['eprint']}" if "eprint" in value else value.get("url")
        found[key] = f"[{who} {value['year']}]({url})" if url else f"{who} {value['year']}"
    return found


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


def with_language(nb):
    "nbdev_clean strips the language that nbconvert marks code with."
    nb.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
    return nb


def readme():
    "README.md from nbs/index.ipynb; its pictures stay, or are written, below nbs/."
    source = Path("nbs/index.ipynb")
    if not source.exists(): sys.exit("nbs/index.ipynb is missing: README.md is written from it")
    if shutil.which("quarto"): return nbdev_command("nbdev_readme")
    nb = nbformat.read(source, 4)
    nb.cells, numbers = [c for c in map(visible, nb.cells) if c is not None], {}
    for cell in nb.cells:
        if cell.cell_type == "markdown": cell.source = quarto_free(cell.source, numbers)
    exporter = MarkdownExporter()
    files = Path("nbs/index_files")
    shutil.rmtree(files, ignore_errors=True)
    text, resources = exporter.from_notebook_node(with_language(nb), resources={"output_files_dir": str(files), "unique_key": "index"})
    text = re.sub(r"(!\[[^\]]*\]\()(?!https?:|data:|/|nbs/)", r"\1nbs/", text)            # pictures beside the notebook
    text = re.sub(r"(<img\b[^>]*\bsrc=[\"'])(?!https?:|data:|/|nbs/)", r"\1nbs/", text)
    text = re.sub(r"(\]\()(?!https?:|#|/|nbs/)([^)\s]+\.ipynb)", r"\1nbs/\2", text)        # links to other notebooks
    for name, data in resources.get("outputs", {}).items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    note = "<!-- Written by `make readme` from nbs/index.ipynb: edit that. -->\n\n"
    Path("README.md").write_text(note + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", encoding="utf-8")
    print("wrote README.md")


# ---- site without Quarto

def pages(contents, folder, section=""):
    "Sections and pages of the sidebar, in order, with patterns expanded: (section, path below nbs/)."
    for item in contents if isinstance(contents, list) else [contents]:
        if isinstance(item, dict): yield from pages(item.get("contents", item.get("auto", [])), folder, item.get("section", section))
        else: yield from ((section, p.relative_to(folder)) for p in sorted(folder.glob(item)) if p.name[0] not in "._")


def page(nb, name):
    "A processed notebook with its front matter turned back into a heading; returns (title, notebook)."
    title, numbers = Path(name).stem, {}
    for i, cell in enumerate(nb.cells):
        if cell.cell_type == "raw" and cell.source.strip().startswith("---"):
            meta = yaml.safe_load(cell.source.strip().strip("-")) or {}
            title = str(meta.get("title", title))
            about = f"\n\n> {meta['description']}" if meta.get("description") else ""
            nb.cells[i] = nbformat.v4.new_markdown_cell(f"# {title}{about}")
        elif cell.cell_type == "code": cell.source = "\n".join(l for l in cell.source.splitlines() if not DIRECTIVE.match(l))
        elif cell.cell_type == "markdown": cell.source = quarto_free(cell.source, numbers)
        if cell.source.startswith("show_doc("): cell.metadata["transient"] = {"remove_source": True}
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}): output["data"]["text/markdown"] = quarto_free("".join(output["data"]["text/markdown"]), numbers)
    nb.cells = [c for c in nb.cells if c.source.strip() or c.get("outputs")]
    return title, nb


def html_name(path):
    "The page of a notebook, named as nbdev does: 01_fields.ipynb is fields.html. The index itself lists the pages."
    stem = re.sub(r"^\d+[a-zA-Z0-9]*_", "", path.stem.lower())
    return path.with_name("overview.html" if path == Path("index.ipynb") else f"{stem}.html")


def offline(body, up, mathjax, host):
    "A page that loads nothing from elsewhere and whose links to notebooks and modules stay in this site."
    body = re.sub(r'<script src=""> ?</script>', "", body)
    body = re.sub(r"<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", "", body, flags=re.S)
    body = re.sub(r'<script type="module">.*?</script>', "", body, count=1, flags=re.S)  # mermaid
    body = body.replace(f'href="{host}', f'href="{up}')
    local = lambda m: f'{m[1]}{html_name(Path(m[2])).as_posix()}'
    body = re.sub(r'(href="(?!https?:))([^"#]*?\.ipynb)', local, body)
    body = re.sub(r"(<body[^>]*>)", rf'\1<p style="margin:1em"><a href="{up}index.html">All pages</a></p>', body, count=1)
    # Mathematics: without a local script the pages show TeX as it is written, which reads offline. With one
    # (make docs MATHJAX=path) the script is copied into the site and typesets it, still offline.
    setup = '<script>MathJax = {tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], tags: "ams"}}</script>'
    return body.replace("</head>", f'{setup}<script src="{up}mathjax.js" async></script></head>', 1) if mathjax else body


def site(mathjax):
    "The documentation in _docs/."
    if shutil.which("quarto"): return nbdev_command("nbdev_docs")
    from nbdev.config import get_config
    from nbdev.serve import proc_nbs
    try: work, docs = Path(proc_nbs(force=True)), Path("_docs")
    except Exception as error:
        sys.exit(f"{error}\n\nTo document functions nbdev executes every cell that imports something: keep imports alone in their cells.")
    shutil.rmtree(docs, ignore_errors=True)
    config = get_config()
    host = f"{config.doc_host}{config.doc_baseurl}".rstrip("/") + "/"
    if mathjax:
        docs.mkdir()
        shutil.copy(mathjax, docs/"mathjax.js")
    sidebar = yaml.safe_load(Path("nbs/sidebar.yml").read_text())["website"]["sidebar"]
    listing, now = [], None
    for section, path in dict.fromkeys(pages(sidebar["contents"], work)):
        if path.suffix != ".ipynb": continue
        title, nb = page(nbformat.read(work/path, 4), path.name)
        up = "../" * (len(path.parts) - 1)
        exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", exclude_input_prompt=True, exclude_output_prompt=True)
        body, _ = exporter.from_notebook_node(with_language(nb), resources={"metadata": {"name": title, "path": str(work/path.parent)}})
        target = html_name(path)
        body = offline(body, up, mathjax, host)
        (docs/target).parent.mkdir(parents=True, exist_ok=True)
        (docs/target).write_text(body, encoding="utf-8")
        if section != now and section: listing.append(f"<h2>{html.escape(section)}</h2>")
        now = section
        about = next((re.search(r"^> (.*)", c.source, re.M) for c in nb.cells if c.cell_type == "markdown"), None)
        listing.append(f'<p><a href="{target.as_posix()}">{html.escape(title)}</a> {html.escape(about[1]) if about else ""}</p>')
    for extra in Path("nbs").rglob("*"):  # pictures that pages refer to
        if extra.suffix in {".png", ".svg", ".jpg", ".css"} and not any(part[0] in "._" for part in extra.parts):
            (docs/extra.relative_to("nbs")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(extra, docs/extra.relative_to("nbs"))
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>ept</title>'
    style = "<style>body{font:16px/1.5 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}p{margin:.3em 0}</style>"
    (docs/"index.html").write_text(f"{head}{style}<h1>ept</h1>{''.join(listing)}</html>\n", encoding="utf-8")
    print(f"wrote {sum(1 for _ in docs.rglob('*.html'))} pages; open _docs/index.html")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["site", "readme"])
    parser.add_argument("--mathjax", default="", help="a MathJax script to copy into the site")
    args = parser.parse_args()
    if args.mathjax and not Path(args.mathjax).is_file(): sys.exit(f"MATHJAX={args.mathjax}: no such file")
    readme() if args.what == "readme" else site(args.mathjax)
