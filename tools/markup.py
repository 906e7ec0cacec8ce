"""What the notebooks write for Quarto, read without it: citations, labels of equations and theorems, attributes."""
import re
from functools import cache
from pathlib import Path

KINDS = {"eq": "Eq.", "thm": "Theorem", "fig": "Figure"}
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`|\$\$.+?\$\$|\$[^$\n]+\$)", re.M | re.S)  # not read as prose
LABEL = re.compile(r"\$\$\s*\{#(eq-[\w-]+)\}|^:{3,}\s*\{#(thm-[\w-]+)\}|^#\|\s*label:\s*(fig-[\w-]+)", re.M)


def authors_of(value):
    "Authors in short, as a citation names them."
    names = [a.split(",")[0] for a in value["author"].split(" and ")]
    if len(names) > 2: return f"{names[0]} et al."
    return " and ".join(names)


def address_of(value):
    "Where to read it: its DOI, else arXiv, else what the entry gives; None if it gives nothing."
    if "doi" in value: return f"https://doi.org/{value['doi']}"
    return f"https://arxiv.org/abs/{value['eprint']}" if "eprint" in value else value.get("url")


def place_of(value):
    "Journal or publisher, volume and pages."
    where = (value.get("journal") or value.get("booktitle") or value.get("publisher") or "").replace("--", "–")
    parts = (f"*{where}*" if where else "", value.get("volume"), value.get("pages", "").replace("--", "–"))
    return ", ".join(filter(None, parts))


def in_full(value):
    "An entry of the bibliography as Markdown."
    authors = ", ".join(" ".join(reversed(a.split(", "))) for a in value["author"].split(" and "))
    title, place = value["title"].rstrip("."), place_of(value)
    parts = [f"{authors} ({value['year']}).", title + "." * (title[-1] not in "?!"), f"{place}." if place else ""]
    if url := address_of(value): parts.append(f"[{url.split('//')[1]}]({url})")
    return " ".join(filter(None, parts))


@cache
def sources(bib="nbs/references.bib"):
    "Each entry of the bibliography: {key: (authors in short, year, address or None, the whole entry as Markdown)}."
    found, text = {}, Path(bib).read_text(encoding="utf-8")
    for key, entry in re.findall(r"^@\w+\{([\w-]+),\n(.*?)^\}", text, re.M | re.S):
        pairs = re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", entry, re.M)
        value = {k: re.sub(r"[{}]", "", v.replace(r"{\L}", "Ł")) for k, v in pairs}
        found[key] = authors_of(value), value["year"], address_of(value), in_full(value)
    return found


def labels(nb):
    "{label: number} of a notebook, each kind counted in order of appearance."
    found, count = {}, {}
    for cell in nb.cells:
        for groups in LABEL.findall(cell.source):
            name = next(filter(None, groups))
            kind = name.partition("-")[0]
            found.setdefault(name, count.setdefault(kind, 0) + 1)
            count[kind] = max(count[kind], found[name])
    return found


def outside_code(change, text):
    "Apply a change to prose only, not to code and mathematics."
    parts = CODE.split(text)
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def references(text, link_label, link_source):
    "Replace labels (@eq-, @thm-, @fig-) and citations by what the functions make of a label, or a key and its words."
    def cite(key, style="{} {}"):
        if key not in sources(): return f"@{key}"
        who, year, *_ = sources()[key]
        return link_source(key, style.format(who, year))
    def prose(part):
        part = re.sub(r"(?<!\w)@((?:eq|thm|fig)-[\w-]*\w)", lambda m: link_label(m[1]) or m[0], part)
        group = lambda m: "(" + "; ".join(cite(k) for k in re.findall(r"@([\w-]+)", m[1])) + ")"
        part = re.sub(r"\[(@[a-z]+\d{4}[\w-]*(?:\s*;\s*@[\w-]+)*)\]", group, part)
        return re.sub(r"(?<![\w.\[])@([a-z]+\d{4}[a-z]*)", lambda m: cite(m[1], "{} ({})"), part)
    return outside_code(prose, text)


def plain(text, numbers):
    "Markdown for a reader that has none of it: GitHub's, for the README."
    text = re.sub(r"\)\{[^}\n]*\}", ")", re.sub(r"^:::.*$", "", text, flags=re.M))
    text = re.sub(r"\$\$\s*\{#(eq-[\w-]+)\}", lambda m: f"\\tag{{{numbers[m[1]]}}} $$", text)
    def label(name): return f"{KINDS[name.partition('-')[0]]} {numbers[name]}" if name in numbers else None
    def source(key, words):
        url = sources()[key][2]
        return f"[{words}]({url})" if url else words
    return references(text, label, source)
