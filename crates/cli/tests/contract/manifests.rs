//! The manifests of every example hold nothing that an API server would refuse.

#[path = "../../../export/tests/manifests/fields.rs"]
mod fields;
#[path = "../../../export/tests/manifests/references.rs"]
mod references;

use super::{folder, gigatwin, write};
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

/// A model larger than a node, under a name that no Service may have.
#[test]
fn a_replica_over_several_nodes() {
    let f = folder("manifests-large");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let base = std::fs::read_to_string(format!("{root}/examples/ai-factory-jupiter.toml")).expect("example");
    let serve = "[[serve]]\nname = \"671b assistant\"\nmodel = \"deepseek-v3\"\non = \"booster\"\n\
        demand = { users = \"20 k\", requests_per_user_day = 20, prompt = 2500, answer = 500 }\n\
        objective = { ttft_p99 = \"5 s\", tpot_p99 = \"100 ms\" }\n";
    write(&f, "large.toml", format!("{base}\n{serve}"));
    let a = gigatwin(&f, &["export", "kubernetes", "large.toml", "--json"]).exits(0).json();
    let text = a["files"][0]["text"].as_str().expect("text");
    taken(text);
    assert!(
        references::names(&fields::objects(text).expect("YAML"), "LeaderWorkerSet")
            .contains("x671b-assistant")
    );
}
