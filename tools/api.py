"""Pages about every public name of the package, as Markdown that Quarto and the plain site both read.

A module is named below the package (lm.blocks), which is also the name of its page (api/lm.blocks.html).
"""
import ast, html, importlib, inspect, json, re, textwrap
from collections import namedtuple
from dataclasses import fields, is_dataclass
from functools import cache, partial, reduce
from pathlib import Path

import yaml
from fastcore.docments import docments

import sitemap

EMPTY = inspect.Parameter.empty
PACKAGE = sitemap.settings()["lib_name"]
LINK = re.compile(rf"\]\({re.escape(sitemap.host())}/([\w/]+\.html)#([\w.]+)\)")  # nbdev's link to a public name
STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
# Where an entry stands: the page that explains it, the links of names, the numbers of that page's labels.
Context = namedtuple("Context", "page links numbers")


# ---- modules and names

@cache
def modules():
    "{name: module} in reading order."
    return {name: importlib.import_module(f"{PACKAGE}.{name}") for name in sitemap.modules()}


@cache
def explained():
    "{page that explains a module: name of the module}."
    return {sitemap.page(notebook): name for name, notebook in sitemap.modules().items()}


def public(module):
    "The public names of a module."
    return getattr(module, "__all__", [])


@cache
def anchors(name):
    "{public name: anchor} of a module: in lower case, as nbdev has it; of two that then agree the second is marked."
    module, found = modules()[name], {}
    for n in sorted(public(module), key=lambda n: line(getattr(module, n))):
        found[n] = n.lower() + "-1"*(n.lower() in found.values())
    return found


@cache
def nearest(own=None):
    "The modules as one of them sees them: itself first, then its folder's, then the others in reading order."
    folder = lambda name: name.rpartition(".")[0]
    return sorted(modules(), key=lambda name: (name != own, own is None or folder(name) != folder(own)))


def home(name, own=None):
    "The module of a public name, or of one with dots; of several the one nearest to `own`; None if there is none."
    first = name.partition(".")[0]
    return next((m for m in nearest(own) if first in public(modules()[m]) and resolves(name, m)), None)


@cache
def names(own=None):
    "{public name: address of its entry in the reference, from there}, each in the module nearest to `own`."
    found = {}
    for m in nearest(own):
        for name, anchor in anchors(m).items(): found.setdefault(name, f"{m}.html#{anchor}")
    return found


def find(name, module):
    "What a name means in a module, also one with dots."
    return reduce(getattr, name.split("."), modules()[module])


def resolves(name, module):
    "Whether a name with dots means something in a module."
    try: find(name, module)
    except AttributeError: return False
    return True


def address(name, module):
    "The address of a name's entry in the reference, also of a method's."
    first, *method = name.split(".")
    said = methods(find(first, module)) if method else ()
    method = [n for n in method if n in said]                # `__call__` and properties are said with their class
    return f"{sitemap.reference(module)}#{'.'.join([anchors(module).get(first, first), *method]).lower()}"


@cache
def used():
    "(module, name) of what a notebook other than the module's own imports: the rest serves its module only."
    homes = importlib.import_module(f"{PACKAGE}.front").HOMES
    found = {(module.removeprefix(f"{PACKAGE}."), name) for name, module in homes.items()}
    line = re.compile(rf"^from {PACKAGE}\.([\w.]+) import (\([^)]*\)|[^\n#]+)", re.M)
    folder = Path(sitemap.settings()["nbs_path"])
    for notebook in sitemap.notebooks(folder):
        own = explained().get(sitemap.page(notebook))
        cells = json.loads((folder/notebook).read_text(encoding="utf-8"))["cells"]
        for cell in (c for c in cells if c["cell_type"] == "code"):
            for module, names in line.findall("".join(cell["source"])):
                if module != own: found |= {(module, n.partition(" as ")[0].strip(" ()\n")) for n in names.split(",")}
    return found


def ranked(name):
    "Names of a module: (classes and what others use, helpers that serve the module only)."
    first = [n for n in anchors(name) if (name, n) in used() or inspect.isclass(find(n, name))] or [*anchors(name)]
    return first, [n for n in anchors(name) if n not in first]


# ---- what the code says

@cache
def extents(file):
    "{first line of a definition, or dotted name of a class: (first line, last line)} of a file, parsed once."
    with open(file, encoding="utf-8") as f: tree = ast.parse(f.read())
    found = {}
    def visit(node, path):
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)): continue
            first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
            found.setdefault(first, (first, child.end_lineno))
            if isinstance(child, ast.ClassDef): found[".".join([*path, child.name])] = first, child.end_lineno
            visit(child, [*path, child.name])
    visit(tree, [])
    return found


@cache
def lines_of(file):
    "The lines of a file."
    with open(file, encoding="utf-8") as f: return f.read().splitlines()


def extent(obj):
    "(file, first line, last line) of what defines a function or class; None for a value."
    obj = inspect.unwrap(getattr(obj, "__func__", obj)) if callable(obj) else obj
    code = getattr(obj, "__code__", None)
    if not code and not inspect.isclass(obj): return None
    file = code.co_filename if code else getattr(inspect.getmodule(obj), "__file__", None)
    if not file or not file.endswith(".py"): return None
    found = extents(file).get(code.co_firstlineno if code else obj.__qualname__)
    return (file, *found) if found else None


def line(obj):
    "The line where an object is defined, 0 for a value."
    return found[1] if (found := extent(obj)) else 0


def source(obj):
    "The source of a function or class, None for a value."
    if not (found := extent(obj)): return None
    file, first, last = found
    return textwrap.dedent("\n".join(lines_of(file)[first - 1:last])).rstrip()


def folded(obj):
    "The source behind a fold."
    text = source(obj)
    return f"<details><summary>Source</summary>\n\n```python\n{text}\n```\n\n</details>\n" if text else ""


@cache
def commented(obj):
    "{name: entry of docments}, none where it cannot read them."
    try: return dict(docments(inspect.unwrap(obj), full=True))
    except Exception: return {}


def inherited(cls):
    "(name, comment) of the fields of a dataclass's bases, the nearest base first."
    for base in filter(is_dataclass, inspect.getmro(cls)[1:]):
        for name, entry in commented(base).items(): yield name, entry["docment"]


@cache
def standing():
    "{folder or module: {parameter: [type, meaning]}} of names that mean the same wherever they stand."
    return yaml.safe_load(Path(__file__).with_name("parameters.yml").read_text(encoding="utf-8"))


def meant(obj, name):
    "[type, meaning] of a parameter about which the code is silent, the nearest module first; two Nones if unknown."
    module = getattr(inspect.getmodule(inspect.unwrap(obj)), "__name__", "").removeprefix(f"{PACKAGE}.")
    places = (module, module.partition(".")[0], "everywhere")
    found = [said[name] for p in places if name in (said := standing().get(p, {}))]
    return [next((entry[i] for entry in found if entry[i]), None) for i in range(2)]


def overridden(obj):
    "The methods of the bases that a method overrides, the nearest first."
    owner = getattr(inspect.getmodule(obj), getattr(obj, "__qualname__", "").rpartition(".")[0], None)
    if not inspect.isclass(owner): return []
    return [m for b in owner.__mro__[1:] if inspect.isfunction(m := vars(b).get(obj.__name__)) and m is not obj]


def completed(obj, found):
    "Entries of docments, their gaps filled from the methods that are overridden, then by what a name always means."
    given = [commented(m) for m in overridden(obj) if m.__module__.startswith(PACKAGE)]
    for name, p in found.items():
        if name == "return": continue
        kind, meaning = meant(obj, name)
        for other in given: p["docment"] = p["docment"] or other.get(name, {}).get("docment")
        p["docment"] = p["docment"] or meaning
        if not type_name(p["anno"]): p["anno"] = kind or EMPTY
    return found


def parameters(obj):
    "{name: entry of docments}; comments on the fields of a base dataclass hold for those that inherit them."
    return completed(obj, stated(obj))


def stated(obj):
    "What the code says of parameters, for a dataclass also what its bases say."
    if not (inspect.isclass(obj) or inspect.isroutine(obj)): return {}
    found = {name: dict(entry) for name, entry in commented(obj).items()}
    if not is_dataclass(obj): return found
    help_of = [(field.name, field.metadata.get("help")) for field in fields(obj)]
    for name, said in [*(inherited(obj) if inspect.isclass(obj) else ()), *help_of]:
        if name in found and not found[name]["docment"]: found[name]["docment"] = said
    return found


def type_name(kind):
    "A type as one writes it, without the modules."
    if isinstance(kind, str): return kind
    if kind in (EMPTY, None, type(None)): return ""
    if inspect.isclass(kind) and not hasattr(kind, "__args__"): return kind.__name__
    return re.sub(r"\b\w+\.", "", str(kind))


def default(value):
    "A default as one writes it, if it is short."
    text = getattr(value, "__name__", None) or repr(value)
    return "..." if "<" in text or len(text) > 40 else text


def arguments(params):
    "The parameters of a call as text, with a star before those that only go by name."
    params = [p for p in params if p.name != "self"]
    given = lambda p: "" if p.default is EMPTY else f"={default(p.default)}"
    parts = [STARS.get(p.kind, "") + p.name + given(p) for p in params]
    keyword = next((i for i, p in enumerate(params) if p.kind is inspect.Parameter.KEYWORD_ONLY), None)
    if keyword is not None and not any(part.startswith("*") for part in parts[:keyword]): parts.insert(keyword, "*")
    return ", ".join(parts)


def signature(name, obj):
    "A call with its defaults, in lines that fit the page."
    wrap = partial(textwrap.fill, width=92, subsequent_indent="    ", break_on_hyphens=False)
    try: return wrap(f"{name}({arguments(inspect.signature(obj).parameters.values())})", break_long_words=False)
    except (ValueError, TypeError): pass
    if inspect.isclass(obj): return f"class {name}({', '.join(b.__name__ for b in obj.__bases__)})"
    return wrap(textwrap.shorten(re.sub(r" at 0x[0-9a-f]+", "", f"{name} = {obj!r}"), 400, placeholder=" ..."))


def unsaid(name):
    "(function, parameter, what is missing) of a module: parameters without a type, or without a meaning."
    for n in anchors(name):
        obj = find(n, name)
        calls = [(n, obj), *((f"{n}.{m}", getattr(obj, m)) for m in methods(obj))]
        for called, f in calls:
            for parameter, p in parameters(f).items():
                if parameter in ("self", "cls", "return") or p["kind"] in STARS: continue
                said = {"type": type_name(p["anno"]), "meaning": p["docment"]}
                missing = [what for what, there in said.items() if not there]
                if missing: yield called, parameter, " and ".join(missing)


# ---- as Markdown

def escaped(text, links={}):
    "Text of a comment or docstring as Markdown; `code` and *stress* stay, and code links where it is a public name."
    def code(piece):
        name = piece.strip("`")
        return f"[{piece}]({links[name]})" if name in links else piece
    def prose(piece):
        marked = re.sub(r"([\\*_\[\]<>$|@#~^])", r"\\\1", piece)
        return re.sub(r"(?<![\w*])\\\*(\w+)\\\*(?![\w*])", r"*\1*", marked)
    pieces = re.split(r"(`[^`]+`)", re.sub(r"\s+", " ", text or ""))
    return "".join(code(piece) if i % 2 else prose(piece) for i, piece in enumerate(pieces))


def foreign(obj):
    "Whether a method without a docstring would inherit one that says nothing of this library."
    if getattr(obj, "__doc__", None) or not inspect.isfunction(obj): return False
    owner = getattr(inspect.getmodule(obj), obj.__qualname__.split(".")[0], None)
    if not inspect.isclass(owner): return False
    said = next((b for b in inspect.getmro(owner) if getattr(vars(b).get(obj.__name__), "__doc__", None)), None)
    return bool(said) and not said.__module__.startswith(PACKAGE)


def docstring(obj, context):
    "The docstring's paragraphs."
    text = inspect.getdoc(obj) if callable(obj) and not foreign(obj) else None
    if not text or (is_dataclass(obj) and text.startswith(f"{obj.__name__}(")): return ""
    return equations("\n\n".join(escaped(p, context.links) for p in text.split("\n\n")), context)


def equations(text, context):
    "Names of equations as links to the library's page."
    def link(m): return f"[Eq. ({context.numbers[m[1]]})]({context.page}#{m[1]})" if m[1] in context.numbers else m[1]
    return re.sub(r"\\@(eq-[\w-]*\w)", link, text)


def as_code(text):
    "Code in a cell of a table, where | would end the cell."
    if "|" in text: return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"
    return f"`{text}`" if text else ""


def row(name, p, links):
    "One parameter, or what is returned, as the cells of its row."
    if name == "return": return "*returns*", as_code(type_name(p["anno"])), "", escaped(p["docment"], links)
    shown = "" if p["default"] is EMPTY else default(p["default"])
    return f"`{name}`", as_code(type_name(p["anno"])), as_code(shown), escaped(p["docment"], links)


def table(obj, context):
    "The parameters with types and meanings, if any is stated."
    shown = {n: p for n, p in parameters(obj).items() if n != "self" and (n != "return" or p["docment"])}
    rows = [row(name, p, context.links) for name, p in shown.items() if p.get("kind") not in STARS or p["docment"]]
    if not any(kind or meaning for _, kind, _, meaning in rows): return ""
    head = "| parameter | type | default | meaning |\n|:--|:--|:--|:--|\n"
    return equations(head + "".join(f"| {' | '.join(r)} |\n" for r in rows), context)


def heading(name, anchor, obj, level):
    "A name and how it is called."
    return f"{level} {name} {{#{anchor}}}", f"```python\n{signature(name, obj)}\n```"


def methods(cls):
    "The public methods that a class defines itself."
    if not inspect.isclass(cls): return []
    call = lambda n, f: inspect.isfunction(f) or isinstance(f, (classmethod, staticmethod)) or bound(n)
    bound = lambda n: inspect.ismethod(getattr(cls, n))  # a class method that `patch` has put there
    return [n for n, f in vars(cls).items() if not n.startswith("_") and call(n, f)]


def entry(name, anchor, obj, context, level="##"):
    "One public name with its methods."
    parts = [*heading(name, anchor, obj, level), docstring(obj, context), table(obj, context)]
    for n in methods(obj):
        parts.append(entry(f"{name}.{n}", f"{anchor}.{n}".lower(), getattr(obj, n), context, level + "#"))
    return "\n\n".join(p for p in parts if p)


def summary(name, module, numbers, up):
    "What a library page shows of a name that it defines; `up` leads from the page to the site's root."
    obj, links = find(name, module), {n: f"{up}api/{where}" for n, where in names(module).items()}
    more = f"[Reference]({up}{address(name, home(name, module) or module)})"
    about = f"{docstring(obj, Context('', links, numbers))} {more}".strip()
    return "\n\n".join(p for p in (*heading(name, name.lower(), obj, "###"), about, folded(obj)) if p)


# ---- links and pages

@cache
def explaining(module):
    "The page that explains a module."
    return next(page for page, name in explained().items() if name == module)


def relinked(text, own):
    "nbdev's links to public names, each to the module nearest to `own`: nbdev takes the first in the alphabet."
    def link(m):
        module = home(m[1].removesuffix("()"), own)
        return m[0].replace(m[2], explaining(module)) if module else m[0]
    return re.sub(r"\[`([^`]+)`" + LINK.pattern, link, text)


def into_reference(text, up):
    "Links to methods as links into the reference, since a library page has no place for each; `up` leads to the root."
    def link(m):
        if "." not in m[2] or m[1] not in explained(): return m[0]
        return f"]({up}{sitemap.reference(explained()[m[1]])}#{m[2]})"
    return LINK.sub(link, text)


def mentions(pages):
    "{(module, anchor): {page that links to the name: its title}}, from processed notebooks {page: (title, notebook)}."
    found = {}
    for page, (title, nb) in pages.items():
        prose = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
        for to, anchor in LINK.findall(prose):
            if to == page or to not in explained(): continue
            found.setdefault((explained()[to], anchor.partition(".")[0]), {})[page] = title
    return found


def read_about(name, module, linked):
    "Where a name is explained and used."
    obj = find(name, module)
    alias = inspect.ismethod(obj) or getattr(obj, "__name__", name) != name   # another's name has no heading of its own
    own = {explaining(module): module} if source(obj) and not alias else {}
    at = [f"[{module}](../{page}#{name.lower()})" for page in own]
    at += [f"[{title}](../{page})" for page, title in linked.get((module, name.lower()), {}).items()]
    return f"Read about it in {', '.join(at)}.\n" if at else ""


def module_page(name, linked, context):
    "The reference of one module."
    about = (modules()[name].__doc__ or "").strip()
    parts = [f"---\ntitle: {PACKAGE}.{name}\ndescription: {about!r}\n---\n"]
    parts += [f"Defined, explained and tested in [{name}]({context.page}).\n"]
    def entries(names):
        return [p for n in names for obj in [find(n, name)]
                for p in (entry(n, anchors(name)[n], obj, context), folded(obj), read_about(n, name, linked))]
    first, helpers = ranked(name)
    parts += entries(first)
    if helpers:
        head = f"Helpers, which serve this module only: {', '.join(helpers)}"
        parts += [f'<details class="helpers"><summary>{head}</summary>\n', *entries(helpers), "</details>\n"]
    return "\n\n".join(p for p in parts if p)


def listing(name, context):
    "A module in the index: its names, each with a line."
    about = (modules()[name].__doc__ or "").strip()
    lines = [f"## [{PACKAGE}.{name}]({name}.html) {{#{name}}}\n\n{about}\n"]
    if anchors(name): lines += ["| name | purpose |\n|:--|:--|"]
    first, helpers = ranked(name)
    for n in first:
        purpose = docstring(find(n, name), context).partition("\n")[0]
        purpose = re.sub(r"`([^`]+)`", lambda m: as_code(m[1]), purpose)
        lines.append(f"| [`{n}`]({name}.html#{anchors(name)[n]}) | {purpose} |")
    links = ", ".join(f"[`{n}`]({name}.html#{anchors(name)[n]})" for n in helpers)
    if helpers: lines.append(f"\n<details><summary>Helpers</summary>\n\n{links}\n\n</details>")
    return "\n".join(lines) + "\n"


def pages(linked, numbers):
    "{address: Markdown} of the reference: a page a module, and their index. `numbers`: those of each page's labels."
    found, index = {}, ["---\ntitle: API\ndescription: Every public name, by module.\n---\n"]
    for name in modules():
        context = Context(f"../{explaining(name)}", names(name), numbers.get(explaining(name), {}))
        found[sitemap.reference(name)] = module_page(name, linked, context)
        index.append(listing(name, context._replace(links={})))
    return {**found, "api/index.html": "\n".join(index)}
