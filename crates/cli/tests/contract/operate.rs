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
    for name in [
        "jobs.parquet",
        "jobs.csv",
        "series.parquet",
        "incidents.csv",
        "occupancy.svg",
        "operate.json",
        "jobs.sh",
    ] {
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

pub(super) const JUPITER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/ai-factory-jupiter.toml");

pub(super) fn figures(answer: &serde_json::Value, id: &str) -> f64 {
    answer["metrics"][id]["value"].as_f64().expect("a figure")
}

/// A course of power is kept in every sample, wherever it is measured, and costs hours.
#[test]
fn a_course_of_power_is_kept() {
    let f = folder("operate-cap");
    write(&f, "it.csv", "hour,it_mw\n0,13\n8,11.5\n20,13\n");
    write(&f, "meter.csv", "hour,facility_mw\n0,14\n8,12.5\n20,14\n");
    let run = |more: &[&str]| {
        let mut args = vec!["operate", JUPITER, "--days", "1", "--json", "--quiet", "--out", "out"];
        args.extend(more);
        let a = gigatwin(&f, &args).exits(0).json();
        let series = std::fs::read_to_string(f.join("out/series.csv")).expect("a series");
        let mut rows =
            series.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(',').collect::<Vec<_>>());
        let head: Vec<String> = rows
            .next()
            .expect("a header")
            .iter()
            .map(|c| c.split(' ').next().unwrap_or("").to_owned())
            .collect();
        let column = |name: &str| head.iter().position(|h| h.starts_with(name)).expect("a column");
        let (end, it, meter) = (column("end_s"), column("it_mw"), column("facility_mw"));
        let n = |r: &[&str], i: usize| r[i].parse::<f64>().expect("a number");
        let list: Vec<(f64, f64, f64)> = rows.map(|r| (n(&r, end), n(&r, it), n(&r, meter))).collect();
        (a, list)
    };
    let least =
        |t: f64, by_day: f64, by_night: f64| if t > 28_800.0 && t <= 72_000.0 { by_day } else { by_night };
    let (free, _) = run(&[]);
    let (it, list) = run(&["--power-cap", "it.csv"]);
    assert!(list.len() == 96 && list.iter().all(|r| r.1 <= least(r.0, 11.5, 13.0) + 1e-9));
    let (_, list) = run(&["--power-cap", "meter.csv"]);
    assert!(list.iter().all(|r| r.2 <= least(r.0, 12.5, 14.0) + 1e-9));
    assert!(figures(&it, "operate.hours_held") < figures(&free, "operate.hours_held"));
    // The connection of the file is wide enough for all of it.
    let (grid, _) = run(&["--power-cap", "grid"]);
    assert_eq!(figures(&grid, "operate.hours_held"), figures(&free, "operate.hours_held"));
    // Less than what stands idle cannot be kept, and that is an answer.
    write(&f, "low.csv", "hour,it_mw\n0,13\n5,0.5\n");
    let no = gigatwin(&f, &["operate", JUPITER, "--power-cap", "low.csv", "--json"]).exits(1).json();
    assert_eq!((&no["status"], &no["infeasible"][0]["code"]), (&"infeasible".into(), &"G659".into()));
    for (text, code) in [
        ("hour,mw\n0,1\n", "G656"),
        ("hour,it_mw\n0,x\n", "G657"),
        ("hour,it_mw\n1,5\n1,5\n", "G658"),
        ("utc,it_mw\n2024-01-01T00:00Z,13\n", "G661"),
    ] {
        write(&f, "bad.csv", text);
        let a = gigatwin(&f, &["operate", JUPITER, "--power-cap", "bad.csv", "--json"]).exits(2);
        assert!(a.out.contains(code) || a.err.contains(code), "{text}: {} {}", a.out, a.err);
    }
}

#[test]
fn who_held_the_nodes_as_a_picture() {
    let f = folder("operate-picture");
    write(&f, "small.swf", TRACE);
    let small = [
        "operate",
        "--nodes",
        "10",
        "--gpus-per-node",
        "1",
        "--trace",
        "small.swf",
        "--sample",
        "10",
        "--svg",
        "small.svg",
    ];
    gigatwin(&f, &small).exits(0);
    let svg = std::fs::read_to_string(f.join("small.svg")).expect("a picture");
    assert!(svg.contains("one row a node") && svg.contains("node 9") && svg.contains("batch "));
    let a = gigatwin(
        &f,
        &["operate", JUPITER, "--days", "2", "--svg", "site.svg", "--colour", "tenant", "--json"],
    )
    .exits(0)
    .json();
    let svg = std::fs::read_to_string(f.join("site.svg")).expect("a picture");
    for part in ["states ", "union ", "out of service", "power at the meter", "prefers-color-scheme:dark"] {
        assert!(svg.contains(part), "{part}");
    }
    assert!(svg.len() < 1_500_000, "{} bytes", svg.len());
    // The legend's shares are those of the page.
    let share = |name: &str| -> f64 {
        let at = svg.find(&format!(">{name} ")).expect("in the legend") + name.len() + 2;
        svg[at..].split(' ').next().expect("a number").parse().expect("a number")
    };
    let held = share("states") + share("union");
    assert!((held - 100.0 * figures(&a, "operate.utilisation")).abs() < 0.3, "{held}");
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

#[test]
fn classes_of_access_are_let_in_waited_for_and_delivered() {
    let args = [
        "operate",
        "examples/gigafactory.toml",
        "--days",
        "1",
        "--call-reserve",
        "0.25:0.5",
        "--json",
        "--quiet",
    ];
    let a = gigatwin(repository(), &args).exits(0).json();
    let list = a["access"]["classes"].as_array().expect("classes");
    let hours = |v: &serde_json::Value, key: &str| v[key].as_f64().unwrap_or(0.0);
    let held = a["metrics"]["operate.hours_held"]["value"].as_f64().expect("hours");
    for list in [list, a["access"]["by_tenant"].as_array().expect("tenants")] {
        let sum: f64 = list.iter().map(|c| hours(c, "hours")).sum();
        assert!((sum / held - 1.0).abs() < 1e-9, "{sum} of {held}");
    }
    let class = |id: &str| list.iter().find(|c| c["class"] == id).expect("a class");
    // 2.5 % of 79,776 accelerators for half a day, in whole racks' worth of nodes.
    let reserve = hours(class("reserve"), "hours");
    assert!((reserve / (79_776.0 * 0.025 * 12.0) - 1.0).abs() < 0.02, "{reserve}");
    assert_eq!(class("fastlane")["limits"]["project_hours"], 50_000.0);
    assert!(class("fastlane")["projects"].as_u64() > Some(2));
    // The parts that tenants were promised of a class are the promise of the class.
    let of_tenants: f64 = a["access"]["by_tenant"]
        .as_array()
        .expect("tenants")
        .iter()
        .filter(|c| c["class"] == "regular")
        .map(|c| hours(c, "hours_promised"))
        .sum();
    assert!((of_tenants / hours(class("regular"), "hours_promised") - 1.0).abs() < 1e-6);
    // Without classes, what was drawn before.
    let plain =
        ["operate", "examples/gigafactory.toml", "--days", "1", "--demand", "plain", "--json", "--quiet"];
    assert!(gigatwin(repository(), &plain).exits(0).json()["access"].is_null());
    for bad in ["9:1", "x", "1:-2"] {
        let args = ["operate", "examples/gigafactory.toml", "--days", "1", "--call-reserve", bad, "--json"];
        let a = gigatwin(repository(), &args).exits(2);
        assert!(a.err.contains("G580") || a.out.contains("G580"), "{}{}", a.out, a.err);
    }
}

/// The gigafactory with planned work, nodes that a tenant has to itself, and two sites of the network.
const FEDERATED: &str = "extends = \"gigafactory.toml\"\n\
    [operations]\nwindow = { every = \"7 d\", length = \"8 h\", first = \"10 h\" }\n\
    [[tenant]]\nname = \"research network\"\n\
    reservation = { accelerators = 2000, length = \"12 h\", every = \"1 d\", first = \"1 h\" }\n\
    [federation]\nsites = [\"jupiter\", \"lumi\"]\nrouting = \"home\"\n";

pub(super) fn federated(name: &str) -> std::path::PathBuf {
    let f = folder(name);
    let base = std::fs::read_to_string(repository().join("examples/gigafactory.toml")).expect("example");
    write(&f, "gigafactory.toml", &base);
    write(&f, "site.toml", FEDERATED);
    f
}

#[test]
fn the_network_takes_over_what_the_site_cannot_run() {
    let f = federated("operate-federation");
    let run = |more: &[&str]| {
        let mut args = vec![
            "operate",
            "site.toml",
            "--days",
            "1",
            "--load",
            "0.3",
            "--network-load",
            "0.3",
            "--json",
            "--quiet",
        ];
        args.extend(more);
        gigatwin(&f, &args).exits(0).json()
    };
    let number = |v: &serde_json::Value, key: &str| v[key].as_f64().expect("a number");
    let flows = |a: &serde_json::Value| a["federation"]["flows"].as_array().expect("flows").clone();
    // From the file: everybody stays at home; only the tenant's own nodes take its jobs.
    let home = run(&["--outage", "0.3:0.5"]);
    assert_eq!(home["federation"]["routing"], "home");
    let own = "research-network";
    assert!(flows(&home).iter().all(|x| x["from"] == x["to"] || x["to"] == own));
    assert!(flows(&home).iter().any(|x| x["to"] == own && number(x, "jobs") > 20.0));
    let parts = ["utilisation", "out_of_service", "maintenance", "idle"];
    for a in [&home, &run(&["--routing", "data", "--outage", "0.3:0.5"])] {
        let of = |id: &str| a["metrics"][format!("operate.{id}")]["value"].as_f64().expect("a share");
        let sum: f64 = parts.iter().map(|p| of(p)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        // Half of the day out; the planned window falls into that.
        assert!(of("out_of_service") > 0.49 && of("maintenance") == 0.0);
    }
    let moved = run(&["--routing", "wait", "--outage", "0.3:0.5"]);
    let taken: f64 = flows(&moved)
        .iter()
        .filter(|x| x["from"] != x["to"] && x["from"].as_str().is_some_and(|n| n.starts_with("Reference")))
        .map(|x| number(x, "hours_at_home"))
        .sum();
    assert!(taken > 1_000.0, "{taken}");
    let wait = |a: &serde_json::Value| {
        a["federation"]["sites"][0]["wait_of_own_jobs_s"]["mean"].as_f64().expect("a wait")
    };
    assert!(wait(&moved) < 0.5 * wait(&home), "{} and {}", wait(&moved), wait(&home));
    // Each rule answers in its own way, and no job is lost under any.
    let all: Vec<String> = ["wait", "data", "price", "carbon"]
        .iter()
        .map(|rule| {
            let a = run(&["--routing", rule]);
            let jobs: f64 =
                a["federation"]["sites"].as_array().expect("sites").iter().map(|s| number(s, "jobs")).sum();
            let flowed: f64 = flows(&a).iter().map(|x| number(x, "jobs")).sum();
            assert_eq!(jobs, flowed);
            a["federation"].to_string()
        })
        .collect();
    assert!((1..4).all(|i| !all[..i].contains(&all[i])));
    // The speeds that are stated count in place of the peaks.
    let slow = run(&["--speed", "jupiter=0.1", "--federate", "jupiter", "--routing", "wait"]);
    assert_eq!(number(&slow["federation"]["sites"][1], "speed"), 0.1);
    let stays = run(&[
        "--routing",
        "wait",
        "--stay",
        "playground,fastlane,largescale,benchmark,development,regular,extreme",
    ]);
    assert!(flows(&stays).iter().all(|x| x["from"] == x["to"] || x["to"] == own));
}

#[test]
fn planned_work_takes_its_hours_and_campaigns_go_on_after_it() {
    let f = federated("operate-maintenance");
    let args = [
        "operate",
        "site.toml",
        "--days",
        "1.5",
        "--load",
        "0.2",
        "--federate",
        "lumi",
        "--network-load",
        "0.1",
        "--json",
        "--quiet",
    ];
    let a = gigatwin(&f, &args).exits(0).json();
    let of = |id: &str| a["metrics"][format!("operate.{id}")]["value"].as_f64().expect("a figure");
    assert!((of("maintenance") - 8.0 / 36.0).abs() < 1e-6, "{}", of("maintenance"));
    assert!(of("availability") < 1.0 - of("maintenance") + 1e-9);
    let mut none = args.to_vec();
    none.push("--no-maintenance");
    let b = gigatwin(&f, &none).exits(0).json();
    assert_eq!(b["metrics"]["operate.maintenance"]["value"], 0.0);
    write(&f, "much.toml", FEDERATED.replace("2000", "200000"));
    for (args, code) in [
        (vec!["much.toml"], "G665"),
        (vec!["site.toml", "--federate", "hammerhai"], "G664"),
        (vec!["site.toml", "--federate", "lumi", "--speed", "nowhere=2"], "G580"),
        (vec!["site.toml", "--federate", "lumi", "--speed", "lumi"], "G580"),
        (vec!["site.toml", "--federate", "nowhere"], "G664"),
        (vec!["site.toml", "--outage", "9:1"], "G580"),
        (vec!["site.toml", "--stay", "nobody"], "G580"),
        (vec!["site.toml", "--speed", "lumi"], "G580"),
    ] {
        let mut all = vec!["operate", "--days", "1", "--json"];
        all.extend(args);
        let a = gigatwin(&f, &all).exits(2);
        assert!(a.err.contains(code) || a.out.contains(code), "{code}: {}{}", a.out, a.err);
    }
}

#[test]
fn jobs_wait_for_one_another_and_circles_are_refused() {
    let f = folder("operate-links");
    let trace = |depends: &str| {
        format!(
            "JobID|User|Account|Submit|Start|End|NNodes|Timelimit|State|Dependency\n\
            7_1|u|a|2026-01-01T10:00:00|2026-01-01T10:00:00|2026-01-01T10:10:00|1|01:00:00|FAILED|{depends}\n\
            8|u|a|2026-01-01T10:00:00|2026-01-01T10:20:00|2026-01-01T10:30:00|1|01:00:00|COMPLETED|afterok:7\n\
            9|u|a|2026-01-01T10:00:00|2026-01-01T10:20:00|2026-01-01T10:30:00|1|01:00:00|COMPLETED|afterany:7_1,afterok:3\n"
        )
    };
    write(&f, "linked.txt", trace(""));
    let args = ["operate", "--nodes", "4", "--trace", "linked.txt"];
    let mut json = args.to_vec();
    json.push("--json");
    let a = gigatwin(&f, &json).exits(0).json();
    let jobs =
        |state: &str| a["metrics"][format!("operate.jobs.{state}")]["value"].as_f64().expect("a number");
    assert_eq!([jobs("failed"), jobs("cancelled"), jobs("completed")], [1.0, 1.0, 1.0]);
    assert_eq!(a["left_out"][0]["code"], "G668");
    let page = gigatwin(&f, &args).exits(0);
    assert!(page.out.contains("1 failed, 1 cancelled"), "{}", page.out);
    write(&f, "linked.txt", trace("afterany:8"));
    let a = gigatwin(&f, &json).exits(2);
    assert!(a.err.contains("G667") || a.out.contains("G667"), "{}{}", a.out, a.err);
}
