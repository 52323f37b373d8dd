//! `operate --from-slurm`: clusters from their own files, what reproduces their waits, and what is not understood.

use super::operate::said;
use super::{folder, gigatwin, write};

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
        assert!(a.err.contains("G653") && a.err.contains(more[1]), "{}", a.err);
    }
    let mut args = base.to_vec();
    args.extend(["--associations", "rows.txt", "--json"]);
    let a = gigatwin(&f, &args).exits(0).json();
    let left: Vec<_> =
        a["left_out"].as_array().expect("a list").iter().map(|l| (&l["code"], &l["line"])).collect();
    assert_eq!(left, [(&serde_json::json!("G654"), &serde_json::json!(3))]);
    assert!(
        a["left_out"][0]["reason"].as_str().expect("text").starts_with("rows.txt: "),
        "{}",
        a["left_out"]
    );
    // Without a cluster there is nothing that the dumps could be of.
    gigatwin(&f, &["operate", "--nodes", "4", "--trace", "sacct.txt", "--qos", "qos.txt"]).exits(2);
}

/// A cluster of two pools that ran: jobs of five users with limits on what they may hold, arrays with a throttle, dependencies and begin times, and
/// what the accounts had used four minutes in (validation/slurm/pools).
fn pools(name: &str) -> std::path::PathBuf {
    let f = folder(name);
    let sacct = include_str!("../../../../validation/slurm/pools/sacct.txt");
    write(&f, "slurm.conf", include_str!("../../../../validation/slurm/pools/slurm.conf"));
    write(&f, "sacct.txt", sacct);
    write(&f, "assoc.txt", include_str!("../../../../validation/slurm/pools/assoc.txt"));
    write(&f, "qos.txt", include_str!("../../../../validation/slurm/pools/qos.txt"));
    write(&f, "sshare.txt", include_str!("../../../../validation/slurm/pools/sshare.txt"));
    // What was submitted since the dump of past use was taken.
    let since = |row: &&str| row.split('|').nth(5).is_some_and(|submit| submit >= "2026-11-26T22:36:57");
    let late: String = sacct.lines().filter(since).map(|l| l.to_owned() + "\n").collect();
    write(&f, "late.txt", &late);
    f
}

const POOLS: [&str; 9] = [
    "operate",
    "--from-slurm",
    "slurm.conf",
    "--trace",
    "sacct.txt",
    "--associations",
    "assoc.txt",
    "--qos",
    "qos.txt",
];

#[test]
fn pools_limits_and_dependencies_of_a_real_cluster() {
    let f = pools("operate-pools");
    let mut args = POOLS.to_vec();
    args.extend(["--scale-nodes", "0.5,2", "--policy", "easy"]);
    insta::assert_snapshot!("operate-from-slurm-pools", said(&f, &args));
    let with = |files: &[&str]| {
        let mut args = files.to_vec();
        args.push("--json");
        gigatwin(&f, &args).exits(0).json()
    };
    let whole = with(&POOLS);
    let figure = |a: &serde_json::Value, key: &str| a["reproduced"]["all"][key].as_f64().expect("a figure");
    let names: Vec<_> = whole["cluster"]["pools"]
        .as_array()
        .expect("pools")
        .iter()
        .map(|p| (p["partitions"].as_str().expect("a name"), p["nodes"].as_u64().expect("nodes")))
        .collect();
    assert_eq!(names, [("a100, urgent", 15), ("h100", 7)]);
    let limits: Vec<_> =
        whole["cluster"]["limits"].as_array().expect("a list").iter().map(|l| l["name"].as_str()).collect();
    assert_eq!(
        limits,
        [Some("research: GrpTRES"), Some("regular: MaxTRESPerUser"), Some("development: MaxJobsPerUser")]
    );
    // Without what users may hold, those at their limit are thought to start too early.
    let free = |text: &str| {
        let lines = text.lines().map(|l| l.split('|').take(4).collect::<Vec<_>>().join("|") + "\n");
        lines.collect::<String>()
    };
    write(&f, "assoc-free.txt", free(include_str!("../../../../validation/slurm/pools/assoc.txt")));
    let qos = include_str!("../../../../validation/slurm/pools/qos.txt");
    let qos: String =
        qos.lines().map(|l| l.split('|').take(2).collect::<Vec<_>>().join("|") + "\n").collect();
    write(&f, "qos-free.txt", &qos);
    let mut unlimited = POOLS.to_vec();
    (unlimited[6], unlimited[8]) = ("assoc-free.txt", "qos-free.txt");
    let without = with(&unlimited);
    assert!(without["cluster"]["limits"].as_array().is_some_and(Vec::is_empty));
    assert!(
        figure(&whole, "start_p90_s") < figure(&without, "start_p90_s"),
        "{} {}",
        figure(&whole, "start_p90_s"),
        figure(&without, "start_p90_s")
    );
}

#[test]
fn past_use_from_a_dump_and_from_the_first_part_of_a_trace() {
    let f = pools("operate-pools-use");
    let with = |trace: &str, more: &[&str]| {
        let mut args = POOLS.to_vec();
        args[4] = trace;
        args.extend(more);
        args.push("--json");
        gigatwin(&f, &args).exits(0).json()
    };
    let figure = |a: &serde_json::Value, key: &str| a["reproduced"]["all"][key].as_f64().expect("a figure");
    let cold = with("late.txt", &[]);
    let dump = with("late.txt", &["--sshare", "sshare.txt"]);
    // 216,283 of the weight at eight for each accelerator.
    let hours = dump["cluster"]["past_use_hours"].as_f64().expect("hours");
    assert!((hours - 216_283.0 / 8.0 / 3_600.0).abs() < 0.01, "{hours}");
    assert_ne!(figure(&cold, "wait_simulated_s"), figure(&dump, "wait_simulated_s"));
    // Four minutes to fill queue and use; the same jobs count as in the second part of the trace.
    let warm = with("sacct.txt", &["--warm-up", "0.0028"]);
    assert_eq!(warm["cluster"]["warm_up_s"], 242);
    let jobs = |a: &serde_json::Value| a["reproduced"]["all"]["jobs"].as_u64().expect("jobs");
    assert!(jobs(&warm).abs_diff(jobs(&cold)) <= 3, "{} {}", jobs(&warm), jobs(&cold));
    assert!(figure(&warm, "start_p90_s") < figure(&cold, "start_p90_s"));
    // Both: the queue from the trace, the use as Slurm had it when those minutes were over.
    let both = with("sacct.txt", &["--warm-up", "0.0028", "--sshare", "sshare.txt"]);
    assert_eq!(jobs(&both), jobs(&warm));
    assert!(figure(&both, "start_p90_s") < figure(&cold, "start_p90_s"));
    let mut args = POOLS.to_vec();
    args.extend(["--warm-up", "3"]);
    insta::assert_snapshot!("operate-from-slurm-warm-up", said(&f, &args));
    write(&f, "no-use.txt", "Account|User|RawUsage\nresearch||much\n");
    for (file, code) in [("no-use.txt", "G653"), ("qos.txt", "G653")] {
        let mut args = POOLS.to_vec();
        args.extend(["--sshare", file]);
        let a = gigatwin(&f, &args).exits(2);
        assert!(a.err.contains(code), "{}", a.err);
    }
}

#[test]
fn jobs_of_unknown_pools_and_beyond_their_limits_are_said() {
    let f = pools("operate-pools-faults");
    let gone = include_str!("../../../../validation/slurm/pools/sacct.txt").replacen("|h100|", "|v100|", 1);
    write(&f, "sacct.txt", &gone);
    write(
        &f,
        "qos.txt",
        "Name|Priority|MaxTRESPU|MaxJobsPU\nnormal|0|gres/gpu=8,cpu=5|\nregular|4|gres/gpu=all|-\n",
    );
    let mut args = POOLS.to_vec();
    let a = gigatwin(&f, &args).exits(0);
    assert!(a.err.contains("[G663]") && a.err.contains("normal: MaxTRESPerUser"), "{}", a.err);
    assert!(a.err.contains("cpu is not enforced"), "{}", a.err);
    args.push("--json");
    let left = gigatwin(&f, &args).exits(0).json();
    let codes: Vec<_> =
        left["left_out"].as_array().expect("a list").iter().map(|l| l["code"].as_str()).collect();
    assert_eq!(codes, [Some("G654"), Some("G654"), Some("G662")]);
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
