//! The manifests of every example hold nothing that an API server would refuse.

#[path = "../../../export/tests/manifests/fields.rs"]
mod fields;
#[path = "../../../export/tests/manifests/references.rs"]
mod references;

use super::gigatwin;
use std::path::Path;

const EXAMPLES: [&str; 5] = [
    "ai-factory-hammerhai",
    "ai-factory-jupiter",
    "gigafactory-100k-chips",
    "gigafactory",
    "hospital-imaging",
];

/// The files of an export; none where the answer is no.
fn exported(words: &[&str]) -> Vec<String> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let answer = gigatwin(root, words);
    let files = answer.json()["files"].as_array().cloned().unwrap_or_default();
    files.iter().filter_map(|f| f["text"].as_str().map(str::to_owned)).collect()
}

#[track_caller]
fn taken(text: &str) {
    assert_eq!(fields::faults(text), [""; 0]);
    assert_eq!(references::faults(&fields::objects(text).expect("YAML")), [""; 0]);
}

#[test]
fn machines_for_kueue() {
    for example in EXAMPLES {
        let file = format!("examples/{example}.toml");
        let files = exported(&["export", "kueue", &file, "--json"]);
        assert_eq!(files.len(), 1, "{example}");
        taken(&files[0]);
        let objects = fields::objects(&files[0]).expect("YAML");
        for kind in
            ["Topology", "ResourceFlavor", "Cohort", "ClusterQueue", "LocalQueue", "WorkloadPriorityClass"]
        {
            assert!(!references::names(&objects, kind).is_empty(), "{example}: {kind}");
        }
    }
}

#[test]
fn services_for_kubernetes() {
    let mut seen = 0;
    for example in EXAMPLES {
        let file = format!("examples/{example}.toml");
        let text =
            std::fs::read_to_string(format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"))).expect("file");
        let table: toml::Table = text.parse().expect("TOML");
        let services = table.get("serve").and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let names: Vec<&str> = services.iter().filter_map(|s| s.get("name")?.as_str()).collect();
        for name in names {
            for file in exported(&["export", "kubernetes", &file, "--service", name, "--json"]) {
                taken(&file);
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "{seen} services of the examples are exported");
}
