//! `fabric simulate`: exit codes and the shape of what machines read.

use super::{folder, gigatwin};

const BASE: [&str; 8] =
    ["fabric", "simulate", "--endpoints", "64", "--structure", "fat-tree", "--radix", "16"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = BASE.to_vec();
    args.extend_from_slice(more);
    args
}

#[test]
fn a_pattern_is_simulated_proven_and_written() {
    let f = folder("flow-pattern");
    let args = with(&["--routing", "dmodk", "--certificate", "--out", "out", "--json"]);
    let out = gigatwin(&f, &args).exits(0).json();
    assert_eq!(out["certificate"]["holds"], true);
    assert_eq!(out["flows"], 64);
    assert!(out["slowdown"].as_f64().expect("a number") >= 1.0, "{out}");
    assert_eq!(out["gigatwin"]["inputs_sha256"].as_str().map(str::len), Some(64));
    for name in [
        "flows.parquet",
        "certificate.parquet",
        "links.parquet",
        "load-leaf-spine.svg",
        "load-endpoint-leaf.svg",
    ] {
        assert!(f.join("out").join(name).exists(), "{name}");
    }
    let again = gigatwin(&f, &[args.as_slice(), &["--threads", "1"]].concat()).exits(0).json();
    assert_eq!(out, again);
}

#[test]
fn a_traffic_file_is_replayed_with_its_placement() {
    let f = folder("flow-traffic");
    let text = "traffic 1\nranks 32\nphase name=a repeat=2\ncollective op=all-reduce bytes=64MiB size=32\n\
        phase name=b\nflow from=0 to=31 bytes=1GB at=5us\n";
    std::fs::write(f.join("job.txt"), text).expect("written");
    let out =
        gigatwin(&f, &with(&["--traffic", "job.txt", "--placement", "random", "--json"])).exits(0).json();
    assert_eq!(out["phases"].as_array().map(Vec::len), Some(2));
    assert!(out["packed_makespan_s"].as_f64().is_some(), "{out}");
    let page = gigatwin(&f, &with(&["--traffic", "job.txt"])).exits(0).out;
    assert!(page.contains("slowdown") && page.contains("Busiest"), "{page}");
}

#[test]
fn every_fault_of_a_traffic_file_has_code_and_line() {
    let f = folder("flow-faults");
    let text = "traffic 1\nranks 8\nflow from=0 to=8 bytes=1GB\ncollective op=all-reduce bytes=1GB size=3\n\
        phase name=a after=b\nwave\n";
    std::fs::write(f.join("job.txt"), text).expect("written");
    let out = gigatwin(&f, &with(&["--traffic", "job.txt", "--json"])).exits(2).json();
    let found: Vec<(&str, u64)> = out
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| (d["code"].as_str().expect("a code"), d["line"].as_u64().expect("a line")))
        .collect();
    assert_eq!(found, [("G511", 3), ("G512", 4), ("G513", 5), ("G510", 6)]);
    let err = gigatwin(&f, &with(&["--traffic", "job.txt"])).exits(2).err;
    assert!(err.contains("job.txt:3:16"), "{err}");
}

#[test]
fn what_cannot_be_is_told_with_its_code() {
    let f = folder("flow-refused");
    let err = |more: &[&str], code: i32| {
        let answer = gigatwin(&f, &with(more)).exits(code);
        answer.err + &answer.out
    };
    assert!(err(&["--fail", "leaf-core:1"], 2).contains("G517"));
    assert!(err(&["--fail", "leaf-spine:9999"], 2).contains("G517"));
    assert!(err(&["--flap", "leaf-spine:1"], 2).contains("G517"));
    assert!(err(&["--endpoint-rate", "0 GB/s"], 2).contains("G515"));
    assert!(err(&["--pattern", "all-to-all", "--memory", "100 kB"], 2).contains("G516"));
    assert!(err(&["--fail", "endpoint-leaf:0", "--pattern", "ring"], 1).contains("no path"));
    let small = ["fabric", "simulate", "--endpoints", "100000", "--structure", "fat-tree", "--radix", "16"];
    assert!(gigatwin(&f, &small).exits(2).err.contains("G514"));
}
