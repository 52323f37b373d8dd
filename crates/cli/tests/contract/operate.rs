//! `operate`: the page of a small trace, what is left out of it, drawn workloads that keep their sums, and what is not understood.

use std::path::Path;

use super::{folder, gigatwin, write};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn said(folder: &Path, args: &[&str]) -> String {
    let answer = gigatwin(folder, args);
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", answer.code, answer.out, answer.err);
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

const TRACE: &str = "; MaxProcs: 10\n\
    1 0 0 50 6 -1 -1 6 100 -1 1 1 1 1 1 1 -1 -1\n\
    2 1 49 100 8 -1 -1 8 100 -1 1 2 1 1 1 1 -1 -1\n\
    3 2 0 60 2 -1 -1 2 60 -1 1 1 1 1 1 1 -1 -1\n\
    4 3 0 400 2 -1 -1 2 500 -1 1 2 1 1 1 1 -1 -1\n\
    5 4 -1 400 3 -1 -1 3 500 -1 1 3 1 1 1 1 -1 -1\n\
    6 5 -1 -1 3 -1 -1 3 500 -1 1 3 1 1 1 1 -1 -1\n\
    7 6 -1 10 30 -1 -1 30 500 -1 1 3 1 1 1 1 -1 -1\n";

#[test]
fn a_small_trace() {
    let f = folder("operate-trace");
    write(&f, "small.swf", TRACE);
    let args = ["operate", "--nodes", "10", "--gpus-per-node", "1", "--trace", "small.swf"];
    insta::assert_snapshot!("operate-trace", said(&f, &args));
    // By hand: EASY starts the second when the first and the third have ended.
    let mut json = args.to_vec();
    json.extend(["--json", "--out", "out"]);
    let a = gigatwin(&f, &json).exits(0).json();
    assert_eq!(a["metrics"]["operate.wait_mean"]["value"], (61 + 158) as f64 / 5.0);
    assert_eq!(a["left_out"].as_array().map(Vec::len), Some(2));
    assert_eq!(a["left_out"][0]["code"], "G582");
    assert_eq!(a["left_out"][1]["code"], "G583");
    for name in
        ["jobs.parquet", "jobs.csv", "series.parquet", "incidents.csv", "occupancy.svg", "operate.json"]
    {
        assert!(f.join("out").join(name).is_file(), "{name}");
    }
}

#[test]
fn a_drawn_day_keeps_its_sums_and_its_seed() {
    let args = ["operate", "examples/ai-factory-jupiter.toml", "--days", "1", "--json", "--quiet"];
    let a = gigatwin(repository(), &args).exits(0);
    let b = gigatwin(repository(), &args).exits(0);
    assert_eq!(a.out, b.out, "same seed, same bytes");
    let a = a.json();
    let value = |id: &str| a["metrics"][id]["value"].as_f64().expect("a figure");
    let parts = value("operate.utilisation") + value("operate.out_of_service") + value("operate.idle");
    assert!((parts - 1.0).abs() < 1e-9, "{parts}");
    let classes: f64 =
        a["classes"].as_array().expect("classes").iter().map(|c| c["hours"].as_f64().expect("hours")).sum();
    assert!((classes / value("operate.hours_held") - 1.0).abs() < 1e-9);
    let top = |key: &str| -> f64 {
        let tenants = a["tenants"].as_array().expect("tenants");
        tenants.iter().filter(|t| t["parent"].is_null()).map(|t| t[key].as_f64().expect("a figure")).sum()
    };
    assert!((top("promised") - 1.0).abs() < 1e-9 && (top("delivered") - 1.0).abs() < 1e-9);
    assert!((top("energy_mwh") / value("operate.energy") - 1.0).abs() < 1e-9);
}

#[test]
fn what_is_not_understood() {
    let f = folder("operate-faults");
    write(&f, "cut.swf", "1 0 0 50 6 -1 -1 6 100 -1 1 1 1 1 1 1 -1 -1\n2 1 0");
    write(&f, "odd.csv", "a,b\n1,2\n");
    for (args, code) in [
        (vec!["--trace", "cut.swf"], "G585"),
        (vec!["--trace", "odd.csv"], "G581"),
        (vec!["--trace", "cut.swf", "--days", "9999"], "G580"),
        (vec![], "G580"),
    ] {
        let mut all = vec!["operate", "--nodes", "4", "--json"];
        all.extend(args);
        let a = gigatwin(&f, &all).exits(2);
        assert!(a.out.contains(code) || a.err.contains(code), "{all:?}\n{}\n{}", a.out, a.err);
    }
}

const CLUSTER: [&str; 5] = ["operate", "--from-slurm", "cluster-slurm.conf", "--trace", "cluster-sacct.txt"];

fn cluster(name: &str) -> std::path::PathBuf {
    let f = folder(name);
    write(&f, "cluster-slurm.conf", include_str!("cluster-slurm.conf"));
    write(&f, "cluster-sacct.txt", include_str!("cluster-sacct.txt"));
    f
}

#[test]
fn a_cluster_from_its_own_files() {
    let f = cluster("operate-cluster");
    let mut args = CLUSTER.to_vec();
    args.extend(["--scale-nodes", "2,0.5", "--policy", "fcfs"]);
    insta::assert_snapshot!("operate-from-slurm", said(&f, &args));
    args.extend(["--json", "--out", "out"]);
    let a = gigatwin(&f, &args).exits(0).json();
    assert_eq!(a["cluster"]["scheduler"]["bf_interval_s"], 10);
    assert_eq!(a["site"]["accelerators"], 32);
    // Recorded starts less submissions, by hand: 1, 1, 3310, 1460, 1220, 6020, 4820 and 1 s.
    let all = &a["reproduced"]["all"];
    assert_eq!(all["wait_recorded_s"], (1 + 1 + 3_310 + 1_460 + 1_220 + 6_020 + 4_820 + 1) as f64 / 8.0);
    let accounts = a["reproduced"]["accounts"].as_array().expect("accounts");
    let jobs: u64 = accounts.iter().map(|r| r["jobs"].as_u64().expect("a number")).sum();
    assert_eq!(jobs, all["jobs"].as_u64().expect("a number"));
    let what_if = a["what_if"].as_array().expect("what-ifs");
    assert_eq!(what_if.len(), 5);
    assert_eq!(what_if[0]["site"]["nodes"], 8);
    assert_eq!(what_if[2]["policy"], "fcfs");
    let codes: Vec<_> = a["left_out"].as_array().expect("a list").iter().map(|l| &l["code"]).collect();
    assert_eq!(codes, ["G588", "G588", "G582", "G583"]);
    assert!(f.join("out/operate.json").is_file() && f.join("out/jobs.parquet").is_file());
}

/// A cluster that ran: 130 jobs of four accounts, three qualities of service and two partitions on a real Slurm (validation/slurm/cluster).
fn lived(name: &str) -> std::path::PathBuf {
    let f = folder(name);
    write(&f, "slurm.conf", include_str!("../../../../validation/slurm/cluster/slurm.conf"));
    write(&f, "sacct.txt", include_str!("../../../../validation/slurm/cluster/sacct.txt"));
    write(&f, "assoc.txt", include_str!("../../../../validation/slurm/cluster/assoc.txt"));
    write(&f, "qos.txt", include_str!("../../../../validation/slurm/cluster/qos.txt"));
    f
}

#[test]
fn shares_and_qualities_of_a_real_cluster_bring_its_waits_nearer() {
    let f = lived("operate-lived");
    let base = ["operate", "--from-slurm", "slurm.conf", "--trace", "sacct.txt", "--json"];
    let with = |more: &[&str]| {
        let mut args = base.to_vec();
        args.extend(more);
        gigatwin(&f, &args).exits(0).json()
    };
    let without = with(&[]);
    let whole = with(&["--associations", "assoc.txt", "--qos", "qos.txt"]);
    let figure = |a: &serde_json::Value, key: &str| a["reproduced"]["all"][key].as_f64().expect("a figure");
    // Half of the starts within five seconds, nine in ten within a minute; without the dumps 12 and 150 s.
    assert!(figure(&whole, "start_median_s") <= 5.0 && figure(&whole, "start_p90_s") <= 60.0, "{whole}");
    assert!(figure(&without, "start_median_s") > 2.0 * figure(&whole, "start_median_s"));
    assert!(figure(&without, "start_p90_s") > 2.0 * figure(&whole, "start_p90_s"));
    // Who waits longest is who does so in the trace: the accounts that were promised least.
    let order = |a: &serde_json::Value, key: &str| {
        let mut rows: Vec<(f64, String)> = a["reproduced"]["accounts"]
            .as_array()
            .expect("accounts")
            .iter()
            .map(|r| (r[key].as_f64().expect("a wait"), r["account"].as_str().expect("a name").to_owned()))
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows.into_iter().map(|r| r.1).collect::<Vec<_>>()
    };
    assert_eq!(order(&whole, "wait_simulated_s"), order(&whole, "wait_recorded_s"));
    assert_ne!(order(&without, "wait_simulated_s"), order(&without, "wait_recorded_s"));
    let tiers: Vec<_> =
        whole["cluster"]["partitions"].as_array().expect("two").iter().map(|p| &p["tier"]).collect();
    assert_eq!(tiers, [1, 10]);
}

#[test]
fn dumps_of_the_database_that_are_not_understood() {
    let f = lived("operate-lived-faults");
    write(&f, "wide.txt", "   Account       User      Share \n---------- ---------- ---------\n");
    write(&f, "circle.txt", "Account|User|ParentName|Share\na||b|1\nb||a|1\n");
    write(&f, "rows.txt", "Account|User|ParentName|Share\nunion||root|5\nindustry||root|many\n");
    let base = ["operate", "--from-slurm", "slurm.conf", "--trace", "sacct.txt"];
    for more in [["--associations", "wide.txt"], ["--associations", "circle.txt"], ["--qos", "wide.txt"]] {
        let mut args = base.to_vec();
        args.extend(more);
        let a = gigatwin(&f, &args).exits(2);
        assert!(a.err.contains("G653"), "{}", a.err);
    }
    let mut args = base.to_vec();
    args.extend(["--associations", "rows.txt", "--json"]);
    let a = gigatwin(&f, &args).exits(0).json();
    let left: Vec<_> =
        a["left_out"].as_array().expect("a list").iter().map(|l| (&l["code"], &l["line"])).collect();
    assert_eq!(left, [(&serde_json::json!("G654"), &serde_json::json!(3))]);
    // Without a cluster there is nothing that the dumps could be of.
    gigatwin(&f, &["operate", "--nodes", "4", "--trace", "sacct.txt", "--qos", "qos.txt"]).exits(2);
}

#[test]
fn a_cluster_that_is_not_understood() {
    let f = cluster("operate-cluster-faults");
    write(&f, "empty.conf", "ClusterName=x\nNodeName=n[1-\n");
    let none = ["operate", "--from-slurm", "empty.conf", "--trace", "cluster-sacct.txt"];
    insta::assert_snapshot!("operate-from-slurm-none", said(&f, &none));
    for (more, code) in [(&["--scale-nodes=-1"][..], "G580"), (&["--scale-nodes", "0"][..], "G580")] {
        let mut args = CLUSTER.to_vec();
        args.extend(more);
        let a = gigatwin(&f, &args).exits(2);
        assert!(a.err.contains(code), "{}", a.err);
    }
    // Without its accounting there is nothing to replay; beside a factory file it is one base too many.
    gigatwin(&f, &CLUSTER[..3]).exits(2);
    gigatwin(
        &f,
        &["operate", "site.toml", "--from-slurm", "cluster-slurm.conf", "--trace", "cluster-sacct.txt"],
    )
    .exits(2);
    gigatwin(&f, &["operate", "--from-slurm", "absent.conf", "--trace", "cluster-sacct.txt"]).exits(3);
}
