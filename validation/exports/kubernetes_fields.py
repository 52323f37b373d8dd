"""Fields of the Kubernetes objects that gigatwin exports, as facts read from published packages.

kubernetes_fields.py KCR-KUEUE KCR-LWS KUBERNETES-VALIDATE    prints rows: object,field,type,required,rule

KCR-KUEUE and KCR-LWS are unpacked crates `kcr_kueue_x_k8s_io` and `kcr_leaderworkerset_x_k8s_io` (types made from the projects' own
CustomResourceDefinitions), KUBERNETES-VALIDATE the unpacked Python package with the JSON schemas of Kubernetes. What those do not carry
(patterns and limits; Topology and WorkloadPriorityClass) stands here by hand, from the Go types of the commits named below.

`ObjectMeta` is the metadata of every object and of the pods of a template. A type is string, integer, boolean, quantity (a number with an SI suffix, written as a number or text), int-or-string, object, map or any;
`[]` after it a list, and after a field's name each of its items. Fields of an object or map that has no rows below it are not known here.
"""

import json
import pathlib
import re
import sys

KUBERNETES = "v1.31.0-local"
HEADER = """\
# Fields of the Kubernetes objects that exports are made of, as facts; written by kubernetes_fields.py, which says what the columns mean
# Kueue v1beta2: kcr_kueue_x_k8s_io 3.20260529.113958; LeaderWorkerSet v1: kcr_leaderworkerset_x_k8s_io 3.20260530.173522 (crates, 0BSD)
# patterns, limits, Topology, WorkloadPriorityClass: Go types of kubernetes-sigs/kueue (Apache-2.0), commits in the script
# the rest: Kubernetes 1.31.0 by kubernetes-validate 1.37.0 (Apache-2.0, PyPI); read on 2026-11-26
object,field,type,required,rule"""
# Parts of a pod that an export writes; of others the names alone.
POD = {
    "spec", "spec.containers[]", "spec.containers[].env[]", "spec.containers[].ports[]", "spec.containers[].resources",
    "spec.containers[].startupProbe", "spec.containers[].startupProbe.httpGet", "spec.containers[].readinessProbe",
    "spec.containers[].readinessProbe.httpGet", "spec.containers[].livenessProbe", "spec.containers[].livenessProbe.httpGet",
    "spec.containers[].volumeMounts[]", "spec.volumes[]", "spec.volumes[].persistentVolumeClaim", "spec.volumes[].emptyDir",
}  # fmt: skip
OPEN = {
    "PodTemplate": POD,
    "Deployment": {"spec", "spec.selector"},
    "Service": {"spec", "spec.ports[]"},
    "Namespace": set(),
    "ObjectMeta": set(),
}
# kubernetes-sigs/kueue: topology_types.go at 046d2efa6fa3, workloadpriorityclass_types.go at 1dd2a624ae61 (apis/kueue/v1beta2).
BY_HAND = [
    ("Topology", "spec", "object", "", ""),
    ("Topology", "spec.levels", "object[]", "required", "items 1-16"),
    ("Topology", "spec.levels[].nodeLabel", "string", "required", "label 316"),
    ("WorkloadPriorityClass", "value", "integer", "required", ""),
    ("WorkloadPriorityClass", "description", "string", "", "length 2048"),
]
# The same folder: clusterqueue_types.go at 013c8f252cf1, cohort_types.go at 0a8a38c488f6, localqueue_types.go at 02bc146f48b7,
# resourceflavor_types.go at 2fff9dfc9f18. `name N`: a DNS subdomain of at most N characters.
LIMITS = {
    "resourceGroups": "items 0-16",
    "coveredResources": "items 1-64",
    "flavors": "items 1-64",
    "flavors[].resources": "items 1-64",
    "flavors[].name": "name 253",
    "nodeLabels": "items 0-8",
    "topologyName": "name 253",
    "cohortName": "name 253",
    "parentName": "name 253",
    "clusterQueue": "name 253",
}
PLAIN = {"String": "string", "bool": "boolean", "IntOrString": "int-or-string", "serde_json::Value": "any"}


def structs(path):
    """Structs and enums of one generated file: name -> [(field, type)] or [word]."""
    found, name, words, rename = {}, None, False, None
    for line in path.read_text().splitlines():
        line = line.strip()
        start = re.match(r"pub (struct|enum) (\w+) \{", line)
        if start:
            name, words, rename = start.group(2), start.group(1) == "enum", None
            found[name] = []
        elif line == "}":
            name = None
        elif name and line.startswith("#[serde("):
            renamed = re.search(r'rename = "([^"]*)"', line)
            rename = renamed.group(1) if renamed else None
        elif name and words and re.match(r"\w+,$", line):
            found[name].append(rename or line[:-1])
            rename = None
        elif name and line.startswith("pub "):
            field, kind = line[4:].rstrip(",").split(": ", 1)
            found[name].append((rename or field.removeprefix("r#"), kind))
            rename = None
    return found


def rust(path, kind, root, closed=()):
    """Rows below `spec` of a kind whose generated types stand in `path`."""
    known = structs(path)

    def rows(name, at):
        for field, typed in known[name]:
            here = f"{at}.{field}"
            optional = re.fullmatch(r"Option<(.*)>", typed)
            inner = optional.group(1) if optional else typed
            listed = re.fullmatch(r"Vec<(.*)>", inner)
            inner = listed.group(1) if listed else inner
            rule = next((r for end, r in LIMITS.items() if here.endswith("." + end)), "")
            below = None
            if inner.startswith("BTreeMap"):
                shown = "map"
            elif re.fullmatch(r"[iu]\d+", inner):
                shown = "integer"
            elif inner in PLAIN:
                shown = PLAIN[inner]
            elif known[inner] and isinstance(known[inner][0], str):
                shown, rule = "string", "one of " + "|".join(known[inner])
            else:
                shown, below = "object", inner
            if shown == "int-or-string" and field in ("nominalQuota", "borrowingLimit", "lendingLimit", "weight"):
                shown = "quantity"
            yield kind, here, shown + ("[]" if listed else ""), "" if optional else "required", rule
            if below and field not in closed:
                yield from rows(below, here + ("[]" if listed else ""))

    yield kind, "spec", "object", "", ""
    yield from rows(root, "spec")


def schema(known, name, kind, at=""):
    """Rows of a kind from the definitions of Kubernetes' JSON schemas, as deep as OPEN says."""

    def meant(part):
        """What a reference refers to, and its name."""
        target = part.get("$ref")
        return (known[target.rsplit("/", 1)[-1]], target.rsplit("/", 1)[-1]) if target else (part, None)

    def plain(part):
        names = part.get("type", [])
        return [n for n in ([names] if isinstance(names, str) else names) if n != "null"]

    node = known[name]
    for field, part in node.get("properties", {}).items():
        if not at and field in ("apiVersion", "kind", "metadata", "status"):
            continue
        here, end = at + field, ""
        part, inner = meant(part)
        if plain(part) == ["array"]:
            end = "[]"
            part, inner = meant(part["items"])
        if inner and inner.endswith(".Quantity"):
            shown = "quantity"
        elif inner and inner.endswith(".IntOrString"):
            shown = "int-or-string"
        elif "additionalProperties" in part and "properties" not in part:
            shown = "map"
        else:
            shown = (plain(part) or ["any"])[0]
        words = "|".join(w for w in part.get("enum", []) if w)
        needed = "required" if field in node.get("required", []) else ""
        yield kind, here, shown + end, needed, f"one of {words}" if words else ""
        if here + end in OPEN[kind]:
            yield from schema(known, inner, kind, here + end + ".")


def main():
    kueue, lws, kubernetes = (pathlib.Path(a) for a in sys.argv[1:])
    beta, schemas = kueue / "src/v1beta2", kubernetes / "kubernetes_validate/kubernetes-json-schema" / KUBERNETES
    rows = []
    for kind, file in (("ClusterQueue", "clusterqueues"), ("Cohort", "cohorts"), ("LocalQueue", "localqueues"), ("ResourceFlavor", "resourceflavors")):
        rows.extend(rust(beta / f"{file}.rs", kind, f"{kind}Spec"))
    closed = ("leaderTemplate", "workerTemplate", "volumeClaimTemplates")
    rows.extend(rust(lws / "src/v1/leaderworkersets.rs", "LeaderWorkerSet", "LeaderWorkerSetSpec", closed))
    rows.extend(BY_HAND)
    known = json.loads((schemas / "_definitions.json").read_text())["$defs"]
    for kind, name in (
        ("Deployment", "apps.v1.Deployment"),
        ("Service", "core.v1.Service"),
        ("Namespace", "core.v1.Namespace"),
        ("PodTemplate", "core.v1.PodTemplateSpec"),
    ):
        rows.extend(schema(known, f"io.k8s.api.{name}", kind))
    rows.extend(schema(known, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "ObjectMeta"))
    print(HEADER)
    for row in sorted(set(rows)):
        print(",".join(row))


if __name__ == "__main__":
    main()
