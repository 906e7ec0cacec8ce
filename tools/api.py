"""Pages about every public name of the package, as Markdown that Quarto and the plain site both read."""
import html, importlib, inspect, re, textwrap
from dataclasses import fields, is_dataclass
from functools import cache, partial, reduce
from pathlib import Path

from fastcore.docments import docments

EMPTY = inspect.Parameter.empty
HOST = re.compile(r"\]\(https?://[^)\s]*?/(\w+)\.html#([\w.]+)\)")  # nbdev's link to a public name


@cache
def modules(package):
    "The modules with public names, in the order in which notebooks define them."
    found = [importlib.import_module(f"{package}.{p.stem}") for p in sorted(Path(package).glob("[a-z]*.py"))]
    number = lambda m: re.search(r"File to edit: \S*?(\w+)\.ipynb", Path(m.__file__).read_text(encoding="utf-8")[:400])
    return sorted((m for m in found if getattr(m, "__all__", None)), key=lambda m: n[1] if (n := number(m)) else "~")


@cache
def names(package, own=None):
    "{public name: address of its entry in the reference}; of modules that share a name `own` goes before the others."
    found = sorted(modules(package), key=lambda m: m.__name__ == f"{package}.{own}")
    return {name: f"{m.__name__.split('.')[-1]}.html#{anchor}" for m in found for name, anchor in anchors(m).items()}


@cache
def anchors(module):
    "{public name: anchor}: in lower case as nbdev links to it; of two names that differ in case only the second gets a mark."
    found = {}
    for name in sorted(module.__all__, key=lambda n: line(getattr(module, n))): found[name] = name.lower() + "-1"*(name.lower() in found.values())
    return found


def line(obj):
    try: return inspect.getsourcelines(obj)[1]
    except (TypeError, OSError): return 0


def source(obj):
    "The source of a function or class, None for a value."
    try: return textwrap.dedent(inspect.getsource(obj)).rstrip()
    except (TypeError, OSError): return None


def folded(obj):
    "The source behind a fold."
    text = source(obj)
    return f"<details><summary>Source</summary>\n\n```python\n{text}\n```\n\n</details>\n" if text else ""


def parameters(obj):
    "{name: entry of docments}; comments on the fields of a base dataclass hold for those that inherit them."
    try: found = dict(docments(obj, full=True))
    except Exception: return {}
    for base in (inspect.getmro(obj)[1:] if inspect.isclass(obj) and is_dataclass(obj) else ()):
        for name, entry in (docments(base, full=True) if is_dataclass(base) else {}).items():
            if name in found and not found[name]["docment"]: found[name]["docment"] = entry["docment"]
    for field in fields(obj) if is_dataclass(obj) else ():
        if field.name in found and not found[field.name]["docment"]: found[field.name]["docment"] = field.metadata.get("help")
    return found


def type_name(kind):
    if kind in (EMPTY, None, type(None)): return ""
    return kind.__name__ if inspect.isclass(kind) and not hasattr(kind, "__args__") else re.sub(r"\b\w+\.", "", str(kind))


def default(value):
    text = getattr(value, "__name__", None) or repr(value)
    return "..." if "<" in text or len(text) > 40 else text


def signature(name, obj):
    "A call with its defaults, in lines that fit the page."
    wrap = partial(textwrap.fill, width=92, subsequent_indent="    ", break_on_hyphens=False)
    try: params = inspect.signature(obj).parameters.values()
    except (ValueError, TypeError):
        if inspect.isclass(obj): return f"class {name}({', '.join(b.__name__ for b in obj.__bases__)})"
        return wrap(textwrap.shorten(re.sub(r" at 0x[0-9a-f]+", "", f"{name} = {obj!r}"), 400, placeholder=" ..."))
    star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parts = [star.get(p.kind, "") + p.name + (f"={default(p.default)}" if p.default is not EMPTY else "") for p in params if p.name != "self"]
    keyword = next((i for i, p in enumerate(q for q in params if q.name != "self") if p.kind is inspect.Parameter.KEYWORD_ONLY), None)
    if keyword is not None and not any(part.startswith("*") for part in parts[:keyword]): parts.insert(keyword, "*")
    return wrap(f"{name}({', '.join(parts)})", break_long_words=False)


def escaped(text, links={}):
    "Plain text of a comment or docstring as Markdown; `code` and *stress* stay, and code links where it is a public name."
    def part(i, piece):
        if i % 2: return f"[{piece}]({links[piece.strip('`')]})" if piece.strip("`") in links else piece
        return re.sub(r"(?<![\w*])\\\*(\w+)\\\*(?![\w*])", r"*\1*", re.sub(r"([\\*_\[\]<>$|@#~^])", r"\\\1", piece))
    return "".join(part(i, p) for i, p in enumerate(re.split(r"(`[^`]+`)", re.sub(r"\s+", " ", text or ""))))


def foreign(obj):
    "Whether a method without a docstring would inherit one that says nothing of this library."
    if getattr(obj, "__doc__", None) or not inspect.isfunction(obj): return False
    owner = getattr(inspect.getmodule(obj), obj.__qualname__.split(".")[0], None)
    said = next((b for b in inspect.getmro(owner) if getattr(vars(b).get(obj.__name__), "__doc__", None)), None) if inspect.isclass(owner) else None
    return bool(said) and not said.__module__.startswith("ept")


def docstring(obj, page, links, numbers):
    "The docstring's paragraphs."
    text = inspect.getdoc(obj) if callable(obj) and not foreign(obj) else None
    if not text or (is_dataclass(obj) and text.startswith(f"{obj.__name__}(")): return ""
    paragraphs = [escaped(p, links) for p in text.split("\n\n")]
    return equations("\n\n".join(paragraphs), page, numbers)


def equations(text, page, numbers):
    "Names of equations as links to the library's page."
    return re.sub(r"\\@(eq-[\w-]*\w)", lambda m: f"[Eq. ({numbers[m[1]]})]({page}#{m[1]})" if m[1] in numbers else m[1], text)


def table(obj, links):
    "The parameters with types and meanings, if any is stated."
    found, rows = parameters(obj), []
    for name, p in found.items():
        if name == "self" or (name == "return" and not p["docment"]): continue
        shown = "" if p["default"] is EMPTY or name == "return" else f"`{default(p['default'])}`"
        kind = type_name(p["anno"])
        code = [f"<code>{html.escape(c[1:-1]).replace('|', '&#124;')}</code>" if "|" in c else c for c in (f"`{kind}`" if kind else "", shown)]  # | ends a cell
        rows.append(("*returns*" if name == "return" else f"`{name}`", *code, escaped(p["docment"], links)))
    if not any(r[1] or r[3] for r in rows): return ""
    return "| parameter | type | default | meaning |\n|:--|:--|:--|:--|\n" + "".join(f"| {' | '.join(r)} |\n" for r in rows)


def entry(name, anchor, obj, page, links, numbers, level="##", source_too=True):
    "One public name (or one method of it)."
    parts = [f"{level} {name} {{#{anchor}}}", f"```python\n{signature(name, obj)}\n```", docstring(obj, page, links, numbers), equations(table(obj, links), page, numbers)]
    if inspect.isclass(obj):
        own = [(n, f) for n, f in vars(obj).items() if not n.startswith("_") and (inspect.isfunction(f) or isinstance(f, (classmethod, staticmethod)))]
        parts += [entry(f"{name}.{n}", f"{anchor}.{n}".lower(), getattr(obj, n), page, links, numbers, level + "#", False) for n, f in own]
    return "\n\n".join(p for p in parts if p) + ("\n\n" + folded(obj) if source_too else "")


def find(name, module, package):
    "What a name means, also one with dots."
    return reduce(getattr, name.split("."), importlib.import_module(f"{package}.{module}"))


def summary(name, module, package, numbers):
    "What a library page shows of a name that it defines."
    obj, links = find(name, module, package), {n: f"api/{address}" for n, address in names(package, module).items()}
    owner, *method = name.split(".")
    found = anchors(importlib.import_module(f"{package}.{module}")).get(owner, owner.lower())
    more = f"[Reference](api/{module}.html#{'.'.join([found, *method]).lower()})"
    return "\n\n".join(p for p in (f"### {name} {{#{name.lower()}}}", f"```python\n{signature(name, obj)}\n```",
                                  f"{docstring(obj, '', links, numbers)} {more}".strip(), folded(obj)) if p)


def mentions(pages):
    "{(module, anchor): pages that link to the name}, from processed notebooks {page: (title, notebook)}."
    found = {}
    for page, (title, nb) in pages.items():
        for cell in nb.cells:
            for module, anchor in HOST.findall(cell.source if cell.cell_type == "markdown" else ""):
                entry = (page, title)
                if page != f"{module}.html" and entry not in found.setdefault((module, anchor.split(".")[0]), []): found[module, anchor.split(".")[0]].append(entry)
    return found


def pages(package, linked, numbers):
    "{file name: Markdown} of the reference: one page a module, and their index. `numbers`: those of each page's labels."
    found, index = {}, ["---\ntitle: API\ndescription: Every public name, by module.\n---\n"]
    for m in modules(package):
        short, about = m.__name__.split(".")[-1], (m.__doc__ or "").strip()
        page, counted, links = f"../{short}.html", numbers.get(f"{short}.html", {}), names(package, short)
        body = [f"---\ntitle: {package}.{short}\ndescription: {about!r}\n---\n", f"Defined, explained and tested in [{short}]({page}).\n"]
        index += [f"## [{package}.{short}]({short}.html) {{#{short}}}\n\n{about}\n", "| name | purpose |\n|:--|:--|"]
        for n, anchor in anchors(m).items():
            obj = getattr(m, n)
            where = [f"[{short}]({page}#{n.lower()})"] if source(obj) else []
            where += [f"[{title}](../{other})" for other, title in linked.get((short, n.lower()), ())]
            body.append(entry(n, anchor, obj, page, links, counted) + (f"\nRead about it in {', '.join(where)}.\n" if where else ""))
            index.append(f"| [`{n}`]({short}.html#{anchor}) | {docstring(obj, page, {}, counted).split(chr(10))[0]} |")
        index.append("")
        found[f"{short}.qmd"] = "\n\n".join(body)
    found["index.qmd"] = "\n".join(index)
    return found
