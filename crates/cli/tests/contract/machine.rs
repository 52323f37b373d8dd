//! `access`, `export slurm` and `export kueue`: exit codes, files and refusals.

use super::{Answer, folder, gigatwin};
use std::path::Path;

fn call(words: &[&str]) -> Answer {
    gigatwin(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")), words)
}

const SITE: &str = "examples/gigafactory.toml";

#[test]
fn a_small_enterprise_gets_class_wait_price_and_hours() {
    let a = call(&["access", SITE, "--as", "sme", "--gpu-hours", "20000", "--json"]).exits(0).json();
    assert_eq!((a["answer"].as_str(), a["class"].as_str()), (Some("yes"), Some("fastlane")));
    assert_eq!(a["price"]["total_eur"].as_f64(), Some(0.0), "the Union's hours are free for it");
    let wait = |key: &str| a["wait_s"][key].as_f64().expect("a wait");
    assert!(wait("p10") <= wait("p50") && wait("p50") <= wait("p90"));
    let sum: f64 =
        a["hours"]["sources"].as_array().expect("list").iter().filter_map(|s| s["hours"].as_f64()).sum();
    assert!((sum / a["hours"]["open_per_year"].as_f64().expect("hours") - 1.0).abs() < 1e-12);
    let again = call(&["access", SITE, "--as", "sme", "--gpu-hours", "20000", "--json"]).exits(0).json();
    assert_eq!(a, again, "same seed, same answer");
}

#[test]
fn industry_pays_and_a_state_without_a_part_has_the_unions_hours_alone() {
    let a = call(&["access", SITE, "--as", "industry", "--gpu-hours", "100000", "--json"]).exits(0).json();
    assert_eq!(a["class"].as_str(), Some("largescale"));
    let paid = a["price"]["total_eur"].as_f64().expect("price");
    assert!((paid - 100_000.0 * a["price"]["eur_per_hour"].as_f64().expect("price")).abs() < 1e-6);
    let a = call(&["access", SITE, "--as", "sme", "--gpu-hours", "100", "--state", "ie", "--json"])
        .exits(0)
        .json();
    assert_eq!(a["outside"].as_bool(), Some(true));
    assert!(a["way_in"].to_string().contains("Ireland"), "{}", a["way_in"]);
    assert!(!a["hours"]["sources"].to_string().contains("\"states\""));
}

#[test]
fn what_cannot_be_had_is_a_no_with_what_is_short() {
    let a = call(&["access", SITE, "--as", "public", "--gpu-hours", "1e9"]).exits(1);
    assert!(a.out.contains("short by"), "{}", a.out);
    let a = call(&["access", SITE, "--as", "industry", "--gpu-hours", "1e6", "--gpus", "60000"]).exits(1);
    assert!(a.out.contains("largest partition"), "{}", a.out);
}

#[test]
fn all_faults_of_an_access_question_at_once() {
    let a =
        call(&["access", SITE, "--as", "sme", "--gpu-hours", "-4", "--gpus", "0", "--state", "CH"]).exits(2);
    assert_eq!(a.err.matches("G590").count(), 2, "{}", a.err);
    assert!(a.err.contains("G591"), "{}", a.err);
}

#[test]
fn a_machine_is_written_for_slurm_and_for_one_host() {
    let f = folder("export-slurm");
    let out = f.join("conf").display().to_string();
    let a = call(&["export", "slurm", SITE, "--out", &out]).exits(0);
    for name in ["slurm.conf", "topology.conf", "topology.yaml", "gres.conf", "accounts.sh", "maintenance.sh"]
    {
        assert!(a.out.contains(name) && f.join("conf").join(name).exists(), "{name}");
    }
    let small = f.join("small").display().to_string();
    let hammer = "examples/ai-factory-hammerhai.toml";
    call(&["export", "slurm", hammer, "--out", &small, "--on-this-host", "emulated", "--port", "7000"])
        .exits(0);
    let conf = std::fs::read_to_string(f.join("small/slurm.conf")).expect("file");
    assert!(conf.contains("SlurmctldPort=7000\n") && conf.contains("Port=[7010-7099]"), "{conf}");
    // One port per node: a machine of 19,944 nodes does not fit above 60,000.
    let a =
        call(&["export", "slurm", SITE, "--out", &small, "--on-this-host", "emulated", "--port", "60000"])
            .exits(1);
    assert!(a.err.contains("ports end at 65535"), "{}", a.err);
    call(&["export", "slurm", SITE, "--on-this-host", "planned"]).exits(2);
}

#[test]
fn a_machine_is_written_for_kueue() {
    let a = call(&["export", "kueue", SITE, "--json"]).exits(0).json();
    let text = a["files"][0]["text"].as_str().expect("text").to_owned();
    for kind in
        ["Topology", "ResourceFlavor", "Cohort", "ClusterQueue", "LocalQueue", "WorkloadPriorityClass"]
    {
        assert!(text.contains(&format!("kind: {kind}\n")), "{kind}");
    }
}

#[test]
fn the_twin_is_scored_against_a_recorded_slurm() {
    let a = call(&["validate", "slurm", "--json"]).exits(0).json();
    let metrics: Vec<&str> =
        a["predictions"].as_array().expect("list").iter().filter_map(|p| p["metric"].as_str()).collect();
    for metric in ["mean_wait_s", "start_median_s", "start_p90_s", "turned_pairs_pct", "stopped_jobs"] {
        assert!(metrics.contains(&metric), "{metric}");
    }
    assert_eq!(a["headline"][0]["fold"].as_str(), Some("out"));
    // A user's own replays have the same columns.
    let own =
        call(&["validate", "slurm", "--data", "validation/slurm/replays.csv", "--json"]).exits(0).json();
    assert_eq!(own["headline"][0]["fold"].as_str(), Some("none"));
    let calibrates = |a: &serde_json::Value| {
        a["predictions"].as_array().expect("list").iter().any(|p| p["id"] == "n64-s1-l85")
    };
    assert!(!calibrates(&a) && calibrates(&own), "the calibration's workloads count there");
}
