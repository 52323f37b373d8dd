//! `serving replay`: exit codes, faults of traces, and the shape of what machines read.

use super::{folder, gigatwin, with_site, write};

const ON: [&str; 10] =
    ["serving", "replay", "--model", "llama-3-1-8b", "--chip", "h100-sxm", "--duration", "60", "--rate", "5"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ON.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_stream_gives_banded_percentiles_and_the_same_bytes_twice() {
    let f = folder("replay-stream");
    let args = with(&["--json", "--ttft", "1000", "--tpot", "50"]);
    let (a, b) = (gigatwin(&f, &args).exits(0), gigatwin(&f, &args).exits(0));
    assert_eq!(a.out, b.out);
    let out = a.json();
    let of = |id: &str, key: &str| out["metrics"][id][key].as_f64().expect("a number");
    assert!(of("ttft_p50_ms", "value") <= of("ttft_p99_ms", "value"));
    assert!(of("tpot_mean_ms", "low") < of("tpot_mean_ms", "value"));
    assert!(of("goodput_share", "value") > 0.0);
    assert_eq!(of("requests", "value"), of("completed", "value"));
    let other = gigatwin(&f, &with(&["--json", "--seed", "2"])).exits(0).json();
    assert_ne!(out["metrics"]["requests"], other["metrics"]["requests"]);
}

#[test]
fn a_page_has_percentiles_and_a_chart() {
    let f = folder("replay-page");
    let answer = gigatwin(&f, &with(&["--replicas", "2", "--prefill-replicas", "1", "--stats"])).exits(0);
    for part in ["P99", "first token", "in flight", "completed", "█"] {
        assert!(answer.out.contains(part), "{part} in {}", answer.out);
    }
    assert!(answer.err.contains("steps"), "{}", answer.err);
}

#[test]
fn a_trace_is_read_and_tables_are_written() {
    let f = folder("replay-trace");
    write(&f, "t.csv", "time_s,prompt,answer\n0,1000,20\n0.5,200,1\n3,90000,10\n");
    let args = [
        "serving",
        "replay",
        "--model",
        "llama-3-1-8b",
        "--chip",
        "h100-sxm",
        "--trace",
        "t.csv",
        "--out",
        "o",
    ];
    gigatwin(&f, &args).exits(0);
    let rows = std::fs::read_to_string(f.join("o/requests.csv")).expect("a table");
    assert_eq!(rows.lines().count(), 4, "{rows}");
    assert!(std::fs::read(f.join("o/requests.parquet")).expect("a table").starts_with(b"PAR1"));
    let text = std::fs::read_to_string(f.join("o/summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(summary["gigatwin"]["inputs_sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn all_faults_of_a_trace_come_at_once_with_their_lines() {
    let f = folder("replay-faults");
    write(&f, "t.csv", "time_s,prompt,answer\n0,10,10\n,10,10\n2,0,10\n1,10,-5\n");
    let args =
        ["serving", "replay", "--model", "llama-3-1-8b", "--chip", "h100-sxm", "--trace", "t.csv", "--json"];
    let found = gigatwin(&f, &args).exits(2).json();
    let list: Vec<(u64, &str)> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| (d["line"].as_u64().expect("a line"), d["code"].as_str().expect("a code")))
        .collect();
    assert_eq!(list, [(3, "G564"), (4, "G566"), (5, "G565"), (5, "G567")]);
}

#[test]
fn options_without_meaning_and_models_that_do_not_fit() {
    let f = folder("replay-options");
    let answer = gigatwin(&f, &with(&["--arrivals", "normal:1", "--day", "mars"])).exits(2);
    for part in ["G569", "normal:1", "mars"] {
        assert!(answer.err.contains(part), "{part} in {}", answer.err);
    }
    let large = ["serving", "replay", "--model", "llama-3-1-405b", "--chip", "h100-sxm"];
    assert!(gigatwin(&f, &large).exits(1).out.contains("short by"));
    gigatwin(&f, &["serving", "replay"]).exits(2);
}

#[test]
fn a_service_of_a_factory_is_replayed_as_planned() {
    let f = with_site("replay-site");
    let args = ["serving", "replay", "site.toml", "--duration", "5", "--json"];
    let out = gigatwin(&f, &args).exits(0).json();
    assert!(out["replicas"].as_u64().expect("a number") > 1);
    let unknown = ["serving", "replay", "site.toml", "--service", "no such"];
    assert!(gigatwin(&f, &unknown).exits(2).err.contains("one of"));
}

#[test]
fn a_day_of_a_site_is_played_and_written() {
    let f = with_site("serving-site");
    let mut text = std::fs::read_to_string(f.join("site.toml")).expect("a file");
    text.push_str("\n[[tune]]\nname = \"adapters\"\nmodel = \"llama-3-1-8b\"\non = \"serve\"\njobs_per_day = 5\ntokens = \"50 M\"\n");
    text.push_str("\n[[develop]]\nname = \"students\"\non = \"serve\"\nusers = 200\n");
    write(&f, "site.toml", &text);
    let out = gigatwin(&f, &["serving", "site", "site.toml", "--json", "--out", "day"]).exits(0).json();
    assert_eq!(out["partitions"][0]["hours"].as_array().map(Vec::len), Some(24));
    assert!(out["tune"][0]["done"].as_f64().expect("a number") > 4.9);
    assert!(std::fs::read(f.join("day/hours.parquet")).expect("a table").starts_with(b"PAR1"));
    assert!(std::fs::read_to_string(f.join("day/day.svg")).expect("a picture").contains("<svg"));
    let page = gigatwin(&f, &["run", "site.toml", "--draws", "0"]).out;
    for part in ["Tune", "Develop", "students", "adapters"] {
        assert!(page.contains(part), "{part} in {page}");
    }
}
