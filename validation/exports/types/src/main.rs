//! Reads manifests into the types made from the projects' own definitions and writes them back: what gets lost is no field of theirs.
//!
//! manifest-types FILE...    Topology and WorkloadPriorityClass are not among the types

use std::collections::BTreeMap;
use std::process::ExitCode;

use k8s_openapi::api::{apps, core};
use kcr_kueue_x_k8s_io::v1beta2::{clusterqueues, cohorts, localqueues, resourceflavors};
use kcr_leaderworkerset_x_k8s_io::v1::leaderworkersets;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What does not come back of a manifest.
fn lost<T: DeserializeOwned + Serialize>(given: &Value) -> Vec<String> {
    let back = serde_json::from_value::<T>(given.clone()).and_then(serde_json::to_value);
    let mut found = Vec::new();
    match back {
        Ok(back) => compare(given, &back, "", &mut found),
        Err(e) => found.push(e.to_string()),
    }
    found
}

fn compare(given: &Value, back: &Value, at: &str, found: &mut Vec<String>) {
    match (given, back) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => compare(value, other, &format!("{at}.{key}"), found),
                    None => found.push(format!("{at}.{key} is lost")),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (value, other)) in a.iter().zip(b).enumerate() {
                compare(value, other, &format!("{at}[{i}]"), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{at} is {a} and comes back as {b}")),
    }
}

fn main() -> ExitCode {
    let (mut read, mut faults): (BTreeMap<String, u32>, u32) = (BTreeMap::new(), 0);
    for path in std::env::args().skip(1) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("{path} cannot be read");
            return ExitCode::FAILURE;
        };
        for document in serde_norway::Deserializer::from_str(&text) {
            let manifest = match Value::deserialize(document) {
                Ok(manifest) => manifest,
                Err(e) => {
                    eprintln!("{path}: {e}");
                    return ExitCode::FAILURE;
                }
            };
            let kind = manifest["kind"].as_str().unwrap_or_default().to_owned();
            let found = match kind.as_str() {
                "ClusterQueue" => lost::<clusterqueues::ClusterQueue>(&manifest),
                "Cohort" => lost::<cohorts::Cohort>(&manifest),
                "LocalQueue" => lost::<localqueues::LocalQueue>(&manifest),
                "ResourceFlavor" => lost::<resourceflavors::ResourceFlavor>(&manifest),
                "LeaderWorkerSet" => lost::<leaderworkersets::LeaderWorkerSet>(&manifest),
                "Deployment" => lost::<apps::v1::Deployment>(&manifest),
                "Service" => lost::<core::v1::Service>(&manifest),
                "Namespace" => lost::<core::v1::Namespace>(&manifest),
                _ => continue,
            };
            found.iter().for_each(|f| println!("{path}: {kind} {f}"));
            faults += found.len() as u32;
            *read.entry(kind).or_default() += 1;
        }
    }
    let list: Vec<String> = read.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    println!("read and written back: {}; {faults} faults", list.join(", "));
    if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
