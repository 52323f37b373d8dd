"""Kubernetes manifests against the published JSON schemas of Kubernetes, strictly: unknown fields are faults.

kubernetes_valid.py FILE...    needs kubernetes-validate and what it imports

A LeaderWorkerSet is no part of Kubernetes: the pods that it starts are looked at as Pods. Its own fields and Kueue's are in
kubernetes_fields.csv, which the tests of the crate `export` hold every manifest against.
"""

import sys

import kubernetes_validate
import yaml

VERSION = "1.31"


def pods(document):
    group = document["spec"]["leaderWorkerTemplate"]
    for name in ("leaderTemplate", "workerTemplate"):
        template = group[name]
        metadata = {"name": name.lower(), **template.get("metadata", {})}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


failed = False
for path in sys.argv[1:]:
    with open(path) as file:
        documents = list(yaml.safe_load_all(file))
    parts = []
    for document in documents:
        parts.extend(pods(document) if document["kind"] == "LeaderWorkerSet" else [document])
    for part in parts:
        try:
            kubernetes_validate.validate(part, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            failed = True
            print(f"{path}: {part['kind']}: {error.message}")
    if not failed:
        print(f"kubernetes {VERSION} takes {path.rsplit('/', 1)[-1]}: {', '.join(p['kind'] for p in parts)}")
sys.exit(1 if failed else 0)
