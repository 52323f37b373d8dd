"""Options of serving engines with their types, read from the engines' published source without importing it.

engine_options.py vllm FOLDER VERSION | sglang FOLDER VERSION    prints rows: engine,version,option,type,choices
engine_options.py check TABLE SCRIPT...                          reads exported scripts against such a table

FOLDER is the unpacked package (the one that holds `vllm/` or `sglang/`). A type is int, float, str, json, list, flag or choice;
`any` where the source computes it.
"""

import ast
import csv
import json
import pathlib
import shlex
import sys

PLAIN = {"int": "int", "float": "float", "str": "str", "bool": "flag"}


def literals(tree):
    """Names that stand for a choice of words: NAME = Literal["a", "b"], and lists of words."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Subscript) and ast.unparse(value.value) == "Literal":
                items = value.slice.elts if isinstance(value.slice, ast.Tuple) else [value.slice]
            elif isinstance(value, ast.List):
                items = value.elts
            else:
                continue
            if items and all(isinstance(i, ast.Constant) for i in items):
                found[node.targets[0].id] = [i.value for i in items]
    return found


def kind(annotation, words):
    """Type and choices of an annotated field."""
    text = ast.unparse(annotation)
    if isinstance(annotation, ast.Subscript):
        outer = ast.unparse(annotation.value)
        inner = annotation.slice
        if outer == "Optional":
            return kind(inner, words)
        if outer in ("list", "List"):
            return "list", []
        if outer in ("dict", "Dict"):
            return "json", []
        if outer == "Union":
            elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            parts = [kind(p, words) for p in elements if ast.unparse(p) not in ("None", "list[str]", "List[str]")]
            names = {p[0] for p in parts}
            return parts[0] if len(names) == 1 else ("any", [])
        if outer == "Literal":
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return "choice", [str(i.value) for i in items]
    if text in PLAIN:
        return PLAIN[text], []
    if text in words:
        return ("choice", [str(w) for w in words[text]])
    if text.endswith("Config"):
        return "json", []
    return "any", []


def vllm(folder):
    root = pathlib.Path(folder, "vllm")
    words = {}
    config = root / "config"
    files = sorted(config.rglob("*.py")) if config.is_dir() else [root / "config.py"]
    for file in [*files, root / "model_executor/layers/quantization/__init__.py"]:
        words |= literals(ast.parse(file.read_text()))
    tree = ast.parse((root / "engine/arg_utils.py").read_text())
    fields = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in ("EngineArgs", "AsyncEngineArgs"):
            for item in node.body:
                if isinstance(item, ast.AnnAssign):
                    fields[item.target.id] = kind(item.annotation, words)
    rows = options(tree, fields, {})
    # Options of the server are fields of its class; both files are read.
    server = ast.parse((root / "entrypoints/openai/cli_args.py").read_text())
    for node in ast.walk(server):
        if isinstance(node, ast.ClassDef) and node.name == "FrontendArgs":
            for item in node.body:
                if isinstance(item, ast.AnnAssign):
                    rows["--" + item.target.id.replace("_", "-")] = kind(item.annotation, words)
    return rows


def sglang(folder):
    tree = ast.parse(pathlib.Path(folder, "sglang/srt/server_args.py").read_text())
    words = literals(tree)
    fields = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == "ServerArgs":
            for item in node.body:
                if isinstance(item, ast.AnnAssign):
                    fields[item.target.id] = kind(item.annotation, words)
    return options(tree, fields, words)


def options(tree, fields, words):
    """All options that a parser is given, with what the call or the field of that name says of them."""
    rows = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument"):
            continue
        names = [a.value for a in node.args if isinstance(a, ast.Constant) and str(a.value).startswith("--")]
        given = {k.arg: k.value for k in node.keywords if k.arg}
        for name in names:
            # vLLM spreads what it knows of a field of its configuration into the call.
            stars = (k.value for k in node.keywords if k.arg is None)
            spread = [s.slice.value for s in stars if isinstance(s, ast.Subscript) and isinstance(s.slice, ast.Constant)]
            candidates = [name[2:].replace("-", "_"), *spread]
            found = next((fields[c] for c in candidates if c in fields), ("any", []))
            action = given.get("action")
            if isinstance(action, ast.Constant) and action.value in ("store_true", "store_false"):
                found = ("flag", [])
            elif "choices" in given:
                choices = given["choices"]
                if isinstance(choices, ast.List) and all(isinstance(c, ast.Constant) for c in choices.elts):
                    found = ("choice", [str(c.value) for c in choices.elts])
                elif isinstance(choices, ast.Name) and choices.id in words:
                    found = ("choice", [str(c) for c in words[choices.id]])
            elif isinstance(given.get("type"), ast.Name) and given["type"].id in PLAIN:
                found = (PLAIN[given["type"].id], [])
            rows[name] = found
    return rows


def wrong(value, kind_of, choices):
    """Why a value is none of its type; empty where it is."""
    try:
        if kind_of == "flag":
            return "" if value is None else f"takes no value, has {value}"
        if value is None:
            return "has no value"
        if kind_of == "int":
            int(value)
        elif kind_of == "float":
            float(value)
        elif kind_of == "json":
            json.loads(value)
        elif kind_of == "choice" and value not in choices:
            return f"is none of {choices}: {value}"
    except ValueError:
        return f"is no {kind_of}: {value}"
    return ""


def check(table, scripts):
    known = {}
    with open(table, newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            known.setdefault(row["engine"], {})[row["option"]] = (row["type"], row["choices"].split("|"))
    failed = False
    for script in scripts:
        text = pathlib.Path(script).read_text()
        engine = "vllm" if "exec vllm serve" in text else "sglang"
        command = text[text.index("exec ") + 5 :].replace("\\\n", " ")
        command = command.replace("$MODEL", "model").replace("${NODE_RANK:?}", "1").replace("${HEAD:?}", "head:1")
        words = shlex.split(command)[3:]
        used = 0
        for i, word in enumerate(words):
            if not word.startswith("--"):
                continue
            used += 1
            value = words[i + 1] if i + 1 < len(words) and not words[i + 1].startswith("--") else None
            why = wrong(value, *known[engine][word]) if word in known[engine] else "is no option"
            if why:
                failed = True
                print(f"{script}: {word} {why}")
        print(f"{engine} has all {used} options of {pathlib.Path(script).name}" if not failed else f"{script}: FAILED")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1] == "check":
        sys.exit(check(sys.argv[2], sys.argv[3:]))
    engine, folder, version = sys.argv[1:]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for option, (of, choices) in sorted({"vllm": vllm, "sglang": sglang}[engine](folder).items()):
        writer.writerow([engine, version, option, of, "|".join(choices)])
