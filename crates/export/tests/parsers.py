"""Gives a file that gigatwin exported to the parser of the engine that reads it.

parsers.py vllm|sglang|kubernetes FILE

vLLM and SGLang are installed without what they depend on (pip install --no-deps), so they cannot be imported: the definitions of their
command lines are taken out of the installed source. SGLang's are run with argparse, type and choices included; vLLM's take most of
those from annotations of its classes, so of its options the names alone are checked. Exit code 77: the package is not installed.
"""

import argparse
import ast
import collections
import importlib.util
import json
import pathlib
import shlex
import sys


class Anything:
    """Stands for names that the definitions use beside the parser."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *args, **kwargs):
        return Anything()

    def __getitem__(self, key):
        return Anything()

    def __iter__(self):
        return iter(())

    def __add__(self, other):
        return Anything()

    __radd__ = __add__


def source(package, path):
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        print(f"{package} is not installed")
        sys.exit(77)
    return ast.parse(pathlib.Path(spec.submodule_search_locations[0], path).read_text())


def words_of(text):
    """The words of the command of an exported script, its shell variables filled in."""
    command = text[text.index("exec ") + 5 :].replace("\\\n", " ")
    command = command.replace("$MODEL", "model").replace("${NODE_RANK:?}", "1").replace("${HEAD:?}", "head:1")
    return shlex.split(command)


def vllm(text):
    known = set()
    for path in ("engine/arg_utils.py", "entrypoints/openai/cli_args.py"):
        for node in ast.walk(source("vllm", path)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument":
                known |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    words = words_of(text)
    assert words[:3] == ["vllm", "serve", "model"], words[:3]
    used = [w for w in words if w.startswith("--")]
    unknown = [w for w in used if w not in known]
    assert len(known) > 100 and not unknown, f"vLLM has no {unknown}"
    print(f"{len(used)} options, all of them among {len(known)}")


def sglang(text):
    tree = source("sglang", "srt/server_args.py")
    constants = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            try:
                constants[node.targets[0].id] = ast.literal_eval(node.value)
            except (ValueError, AttributeError):
                pass
    parser = argparse.ArgumentParser(allow_abbrev=False)
    real = parser.add_argument

    def add(*names, **given):
        given = {k: v for k, v in given.items() if k in ("action", "nargs", "const", "dest", "choices", "type")}
        if not isinstance(given.get("action", ""), str):
            # Actions of its own belong to deprecated options.
            del given["action"]
            given["nargs"] = "?"
        if isinstance(given.get("choices"), Anything):
            del given["choices"]
        if isinstance(given.get("type"), Anything):
            given["type"] = str
        return real(*names, **given)

    parser.add_argument = add
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "add_cli_args":
            node.decorator_list, node.returns = [], None
            for argument in node.args.args:
                argument.annotation = None
            beside = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - set(dir(__builtins__))
            names = {name: Anything() for name in beside} | constants | {"argparse": argparse}
            module = ast.fix_missing_locations(ast.Module(body=[node], type_ignores=[]))
            exec(compile(module, "server_args.py", "exec"), names)
            names["add_cli_args"](parser)
            break
    words = words_of(text)
    assert words[:3] == ["python", "-m", "sglang.launch_server"], words[:3]
    parsed = parser.parse_args(words[3:])
    assert any(value == "model" for value in vars(parsed).values())
    print(f"parsed by a parser of {len(parser._actions)} options")


def kubernetes(text):
    try:
        import yaml
        from kubernetes import client
    except ImportError:
        print("kubernetes or yaml is not installed")
        sys.exit(77)
    api = client.ApiClient()
    Answer = collections.namedtuple("Answer", "data")

    def keep(typed, given):
        """Into the client's type and back: unknown keys get lost, wrong types do not read."""
        answer = Answer(json.dumps(given))
        try:
            back = api.deserialize(answer, typed)
        except TypeError:
            back = api.deserialize(answer.data, typed, "application/json")
        assert api.sanitize_for_serialization(back) == given, f"{typed} keeps another thing than was written"

    seen = []
    for document in yaml.safe_load_all(text):
        kind = document["kind"]
        seen.append(kind)
        if kind == "LeaderWorkerSet":
            # Its API is no part of the client; its pods are.
            assert document["apiVersion"] == "leaderworkerset.x-k8s.io/v1"
            assert set(document["spec"]) == {"replicas", "leaderWorkerTemplate"}
            group = document["spec"]["leaderWorkerTemplate"]
            assert set(group) == {"size", "restartPolicy", "leaderTemplate", "workerTemplate"}
            assert group["size"] > 1
            keep("V1PodTemplateSpec", group["leaderTemplate"])
            keep("V1PodTemplateSpec", group["workerTemplate"])
        else:
            keep({"Deployment": "V1Deployment", "Service": "V1Service"}[kind], document)
    print(", ".join(seen))


if __name__ == "__main__":
    engine, file = sys.argv[1:]
    {"vllm": vllm, "sglang": sglang, "kubernetes": kubernetes}[engine](pathlib.Path(file).read_text())
