"""Checks a Megatron-Bridge YAML against the fields of the published configuration classes, read from their source."""

import ast
import pathlib
import sys
import sysconfig

import yaml

ROOT = pathlib.Path(sysconfig.get_paths()["purelib"]) / "megatron"
FILES = [
    "bridge/training/config.py",
    "bridge/models/gpt_provider.py",
    "bridge/models/transformer_config.py",
    "core/transformer/transformer_config.py",
    "core/model_parallel_config.py",
    "core/optimizer/optimizer_config.py",
    "core/distributed/distributed_data_parallel_config.py",
]
SECTIONS = {
    "model": ["GPTModelProvider", "MLATransformerConfig"],
    "train": ["TrainingConfig"],
    "optimizer": ["OptimizerConfig"],
    "ddp": ["DistributedDataParallelConfig"],
    "dist": ["DistributedInitConfig"],
    "checkpoint": ["CheckpointConfig"],
    "logger": ["LoggerConfig"],
}

# Of classes of one name (the bridge extends the core's) all fields and bases.
classes: dict[str, tuple[dict[str, str], set[str]]] = {}
for file in FILES:
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.ClassDef):
            fields, bases = classes.setdefault(node.name, ({}, set()))
            for base in node.bases:
                bases.add(ast.unparse(base).split("[")[0].split(".")[-1].removeprefix("MCore"))
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    fields[item.target.id] = ast.unparse(item.annotation)


def all_fields(name: str, seen: set[str]) -> dict[str, str]:
    if name in seen or name not in classes:
        return {}
    seen.add(name)
    fields, bases = classes[name]
    out: dict[str, str] = {}
    for base in bases:
        out |= all_fields(base, seen)
    return out | fields


def suits(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return "bool" in kind
    if isinstance(value, int):
        return "int" in kind or "float" in kind
    if isinstance(value, float):
        return "float" in kind
    return any(word in kind for word in ("str", "Literal", "Union", "Enum", "Callable"))


failed = False
for path in sys.argv[1:]:
    faults, count = [], 0
    for section, values in yaml.safe_load(open(path)).items():
        known: dict[str, str] = {}
        for name in SECTIONS.get(section, []):
            known |= all_fields(name, set())
        for key, value in values.items():
            count += 1
            if key not in known:
                faults.append(f"{section}.{key} is no field")
            elif not suits(value, known[key]):
                faults.append(f"{section}.{key} = {value!r} is no {known[key]}")
    run = path.split("/")[-2]
    print(f"Megatron-Bridge has all {count} fields of {run}" if not faults else f"FAILED {run}: " + "; ".join(faults))
    failed |= bool(faults)
sys.exit(failed)
