//! `run`, `explain`, `diff` and `validate` on a file that is understood.

use super::{gigatwin, with_site, write};

const METRICS: &[&str] = &[
    "site.accelerators",
    "site.h100_equivalents",
    "site.it_power",
    "site.facility_power",
    "site.pue",
    "energy.annual",
    "energy.price",
    "energy.carbon_annual",
    "cost.capex_total",
    "cost.capex_computing",
    "cost.opex_annual",
    "cost.lcoc_per_accelerator_hour",
    "cost.lcoc_per_h100e_hour",
    "funding.union",
    "funding.states",
    "funding.private",
    "funding.public_share",
    "finance.irr_equity",
    "finance.dscr_min",
    "site.wue",
    "site.erf",
    "schedule.opening",
];

#[test]
fn the_outcome_keeps_its_contract() {
    let f = with_site("contract");
    let a = gigatwin(&f, &["run", "site.toml", "--json", "--seed", "7"]);
    assert!(matches!(a.code, 0 | 1), "{}", a.err);
    let o = a.json();
    assert_eq!(o["gigatwin"]["seed"], 7);
    assert!(o["gigatwin"]["version"].is_string() && o["gigatwin"]["inputs_sha256"].is_string());
    for id in METRICS {
        let m = &o["metrics"][id];
        assert!(m.is_object(), "no {id}");
        assert!(m["unit"].is_string() && m["note"].is_string(), "{id}: {m}");
        match m["status"].as_str() {
            Some("ok") => assert!(m["value"].is_number() || m["value"].is_string(), "{id}: {m}"),
            Some("n/a") => {
                assert!(m["value"].is_null() && m["low"].is_null() && m["high"].is_null(), "{id}: {m}")
            }
            other => panic!("{id}: status {other:?}"),
        }
    }
    for m in o["metrics"].as_object().expect("object").values() {
        if let (Some(low), Some(high)) = (m["low"].as_f64(), m["high"].as_f64()) {
            assert!(low <= high, "{m}");
        }
    }
    for g in o["gates"].as_array().expect("gates") {
        assert!(matches!(g["status"].as_str(), Some("pass" | "fail" | "unknown" | "n/a")), "{g}");
        assert!(g["id"].is_string() && g["reason"].is_string() && g["hard"].is_boolean(), "{g}");
    }
    assert!(o["assumptions_at_default"].is_u64() && o["inputs"].is_u64());
    assert_eq!(o["answer"], if a.code == 1 { "no" } else { "yes" });
}

#[test]
fn the_same_bytes_twice_and_on_any_number_of_threads() {
    let f = with_site("same-bytes");
    let first = gigatwin(&f, &["run", "site.toml", "--json"]);
    for args in [
        &["run", "site.toml", "--json"][..],
        &["run", "site.toml", "--json", "--threads", "1"],
        &["run", "site.toml", "--json", "--threads", "3"],
    ] {
        assert_eq!(gigatwin(&f, args).out, first.out, "{args:?}");
    }
    let page = gigatwin(&f, &["run", "site.toml"]).out;
    assert_eq!(page, gigatwin(&f, &["run", "site.toml", "--stats", "--quiet"]).out, "talk is not data");
}

#[test]
fn the_page_fits_in_every_language() {
    let f = with_site("languages");
    let mut pages = Vec::new();
    for language in ["en", "fr", "de"] {
        let a = gigatwin(&f, &["run", "site.toml", "--lang", language, "--draws", "16"]);
        assert!(matches!(a.code, 0 | 1), "{}", a.err);
        for line in a.out.lines() {
            assert!(line.chars().count() <= 80 || !line.trim().contains(' '), "{language}: {line}");
        }
        pages.push(a.out);
    }
    assert!(pages[0] != pages[1] && pages[1] != pages[2]);
}

#[test]
fn talk_is_on_standard_error_and_quiet_silences_it() {
    let f = with_site("quiet");
    let a = gigatwin(&f, &["run", "site.toml", "--draws", "0"]);
    assert!(a.err.contains("gigatwin explain site.toml") && !a.out.contains("gigatwin explain"));
    let a = gigatwin(&f, &["run", "site.toml", "--draws", "0", "--quiet"]);
    assert!(a.err.is_empty(), "{}", a.err);
    let a = gigatwin(&f, &["run", "site.toml", "--draws", "0", "--stats", "--json", "--quiet"]);
    let stats: serde_json::Value = serde_json::from_str(a.err.trim()).expect("one line of JSON");
    assert!(stats["stats"]["counts"]["inputs"].is_u64());
}

#[test]
fn the_folder_of_results_is_whole() {
    let f = with_site("results");
    let a = gigatwin(&f, &["run", "site.toml", "--out", "results/one", "--json"]);
    assert!(matches!(a.code, 0 | 1), "{}", a.err);
    let at = f.join("results/one");
    let mut names: Vec<String> = std::fs::read_dir(&at)
        .expect("folder")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["gates.csv", "inputs.csv", "metrics.csv", "metrics.parquet", "outcome.json"]);
    assert_eq!(std::fs::read_to_string(at.join("outcome.json")).expect("file"), a.out);
    let parquet = std::fs::read(at.join("metrics.parquet")).expect("file");
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let metrics = std::fs::read_to_string(at.join("metrics.csv")).expect("file");
    assert!(metrics.starts_with("id,label,value,unit,p10,p50,p90,status,note\n"));
    assert_eq!(metrics.lines().count(), 1 + a.json()["metrics"].as_object().expect("object").len());
    write(&f, "file", "x");
    gigatwin(&f, &["run", "site.toml", "--out", "file/below"]).exits(3);
}

#[test]
fn every_figure_can_be_explained() {
    let f = with_site("explain");
    let ids = gigatwin(&f, &["explain", "site.toml", "--json", "--draws", "0"]).exits(0).json();
    assert!(ids.as_array().expect("list").len() >= METRICS.len());
    for id in ["cost.lcoc_per_accelerator_hour", "site.pue", "schedule.opening"] {
        let a = gigatwin(&f, &["explain", "site.toml", id, "--draws", "0"]).exits(0);
        assert!(a.out.starts_with(id), "{}", a.out);
        let tree = gigatwin(&f, &["explain", "site.toml", id, "--draws", "0", "--json"]).exits(0).json();
        assert_eq!(tree["explanation"]["id"], id);
    }
    let whole = gigatwin(&f, &["explain", "site.toml", "cost.lcoc_per_accelerator_hour", "--draws", "0"]).out;
    let cut = gigatwin(
        &f,
        &["explain", "site.toml", "cost.lcoc_per_accelerator_hour", "--draws", "0", "--depth", "1"],
    )
    .out;
    assert!(whole.contains("└─") && cut.len() < whole.len());
}

#[test]
fn a_factory_does_not_differ_from_itself() {
    let f = with_site("diff");
    let d = gigatwin(&f, &["diff", "site.toml", "site.toml", "--json"]).exits(0).json();
    for key in ["inputs", "metrics", "gates"] {
        assert_eq!(d[key], serde_json::json!([]), "{key}");
    }
    assert!(d["unchanged"].as_u64().is_some_and(|n| n > 0));
    gigatwin(&f, &["diff", "site.toml", "site.toml"]).exits(0);
    write(&f, "other.toml", "format = 1\nextends = \"site.toml\"\n[finance]\nusd_per_eur = 1.5\n");
    let d = gigatwin(&f, &["diff", "site.toml", "other.toml", "--json"]).exits(0).json();
    assert!(
        !d["inputs"].as_array().expect("list").is_empty()
            && !d["metrics"].as_array().expect("list").is_empty()
    );
    let full = gigatwin(&f, &["diff", "site.toml", "other.toml", "--full"]).exits(0).out;
    assert!(full.contains("finance.usd_per_eur") && full.contains("site.accelerators"), "{full}");
}

#[test]
fn validation_is_a_report() {
    let f = with_site("validate");
    let r = gigatwin(&f, &["validate", "training", "--json"]).exits(0).json();
    assert_eq!(r["domain"], "training");
    for key in ["rows", "answered"] {
        assert!(r[key].is_u64(), "{key}");
    }
    for key in ["refused", "headline", "cells", "predictions"] {
        assert!(r[key].is_array(), "{key}");
    }
    assert!(gigatwin(&f, &["validate", "training"]).exits(0).out.contains("training"));
    assert!(gigatwin(&f, &["validate", "--json"]).exits(0).json().is_array());
    gigatwin(&f, &["validate", "--data", "x.csv"]).exits(2);
}
