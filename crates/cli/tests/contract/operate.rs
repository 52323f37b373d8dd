//! `operate`: the page of a small trace, what is left out of it, drawn workloads that keep their sums, and what is not understood.

use std::path::Path;

use super::{folder, gigatwin, write};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub fn said(folder: &Path, args: &[&str]) -> String {
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
