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
