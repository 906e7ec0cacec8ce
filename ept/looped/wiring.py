import ast, math, re
from dataclasses import dataclass
from ept.core import InvalidInput, one_of, require

KINDS = ("ln", "rms", "attn", "mlp", "gate", "sigmoid", "tanh", "cat", "lin", "sink", "alpha")
FREE = ("sigmoid", "tanh", "cat")          # kinds without weights
INITS = ("fan_in", "gpt2", "zero")
LONGEST, DEEPEST = 500, 32

@dataclass(frozen=True)
class Op:
    out: int
    kind: str
    name: str = ""
    args: tuple = ()
    value: float = 0.0
    width: int = 1
    local: bool = True

@dataclass(frozen=True)
class Wiring:
    text: str
    init: str
    ops: tuple
    result: int
    first: int
    def __str__(self): return self.text
    @property
    def parts(self): return {op.name: op.kind for op in self.ops if op.name and op.kind not in FREE}
    @property
    def sites(self): return tuple(op for op in self.ops if op.kind == "attn")
    @property
    def reads_input(self): return any(op.kind == "e" for op in self.ops)

class _Plan:
    "quick: no good error messages"
    def __init__(self): self.ops, self.seen, self.names = [], {}, {}
    def op(self, kind, name="", args=(), value=0.0):
        key = (kind, name, args, value)
        if key in self.seen: return self.seen[key]
        got = [self.ops[a] for a in args]
        width = {"number": 0, "gate": 0, "sink": 0}.get(kind, 1)
        if kind == "cat": width = 2
        elif kind in ("ln", "rms", "add", "sub", "mul", "neg", "sigmoid", "tanh"): width = max(g.width for g in got)
        local = kind not in ("attn", "sink") and all(g.local and g.kind != "attn" and g.kind != "sink" for g in got)
        if kind in ("attn", "sink"): local = all(g.local and g.kind not in ("attn", "sink") for g in got)
        self.ops.append(Op(len(self.ops), kind, name, args, value, width, local))
        self.seen[key] = len(self.ops) - 1
        return self.seen[key]
    def expr(self, n):
        if isinstance(n, ast.BinOp):
            kind = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}[type(n.op)]
            return self.op(kind, args=(self.expr(n.left), self.expr(n.right)))
        if isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.USub): return self.op("neg", args=(self.expr(n.operand),))
        if isinstance(n, ast.Constant): return self.op("number", value=float(n.value))
        if isinstance(n, ast.Name):
            if n.id in self.names: return self.names[n.id]
            require(n.id in ("x", "e"), "wiring", n.id, "is read before it is set")
            return self.names.setdefault(n.id, self.op(n.id))
        if isinstance(n, ast.Call):
            kind = one_of("part", n.func.id.rstrip("0123456789"), KINDS)
            return self.op(kind, n.func.id, tuple(self.expr(a) for a in n.args))
        raise InvalidInput("wiring", ast.dump(n)[:60], "numbers, names, + - * and parts")

WIRINGS = dict(
    gpt2="x + attn(ln1(x)); x + mlp(ln2(x))",
    parallel="x + attn(ln(x)) + mlp(ln(x))",
    sandwich="ln2(x + attn(ln1(x))); ln4(x + mlp(ln3(x)))",
    thick="e + attn(ln1(x)) + mlp(ln2(x))")
WIRINGS["times-mlp"] = "x + attn(ln1(x)); x*mlp(ln2(x))"
WIRINGS["axm"] = "x + attn(ln(x))*mlp(ln(x))"

def parse(text, unsafe=False):
    text = WIRINGS.get(text, text)
    if isinstance(text, Wiring): return text
    require(unsafe or "x*attn(x)" not in text, "wiring", text, "explosive; unsafe")
    body, _, init = text.partition("@")
    plan, first = _Plan(), None
    for s in body.split(";"):
        name, eq, value = s.partition("=")
        v = plan.expr(ast.parse((value if eq else s).strip(), mode="eval").body)
        plan.names[name.strip() if eq else "x"] = v
        if first is None: first = v
    return Wiring(text.strip(), init.strip() or "fan_in", tuple(plan.ops), plan.names["x"], first)
