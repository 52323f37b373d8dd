//! `serving`: exit codes and the shape of what machines read.

use super::{folder, gigatwin};

const BASE: [&str; 8] =
    ["serving", "predict", "--model", "llama-3-1-8b", "--chip", "h100-sxm", "--concurrency", "16"];

#[test]
fn a_prediction_is_stamped_and_banded() {
    let f = folder("serving-predict");
    let mut args = BASE.to_vec();
    args.push("--json");
    let out = gigatwin(&f, &args).exits(0).json();
    let tpot = &out["metrics"]["tpot_ms"];
    let of = |key: &str| tpot[key].as_f64().expect("a number");
    assert!(of("low") < of("value") && of("value") < of("high"), "{tpot}");
    assert_eq!(out["gigatwin"]["inputs_sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn a_model_that_does_not_fit_is_a_no_with_the_gap() {
    let f = folder("serving-large");
    let answer =
        gigatwin(&f, &["serving", "predict", "--model", "llama-3-1-405b", "--chip", "h100-sxm"]).exits(1);
    assert!(answer.out.contains("short by") && answer.out.contains("would fit: --tp 8"), "{}", answer.out);
}

#[test]
fn all_faults_of_the_options_are_reported_at_once() {
    let f = folder("serving-faults");
    let mut args = BASE.to_vec();
    args.extend(["--precision", "fp5", "--answer", "0"]);
    args[3] = "lama-3-1-8b";
    let answer = gigatwin(&f, &args).exits(2);
    for part in ["G560", "fp5", "--answer", "llama-3-1-8b"] {
        assert!(answer.err.contains(part), "{part} in {}", answer.err);
    }
}

#[test]
fn a_plan_weighs_both_forms_and_replays_the_best() {
    let f = folder("serving-plan");
    let args =
        ["serving", "plan", "--model", "llama-3-1-70b", "--chip", "h200-sxm", "--gpus", "16", "--price", "3"];
    let mut machine = args.to_vec();
    machine.extend(["--confirm", "300", "--json"]);
    let out = gigatwin(&f, &machine).exits(0).json();
    for kind in ["aggregated", "disaggregated"] {
        let one = &out[format!("best_{kind}")];
        assert_eq!(one["kind"], kind);
        assert!(one["eur_per_million_tokens"].as_f64().is_some_and(|v| v > 0.0), "{one}");
    }
    assert!(out["pareto"].as_array().is_some_and(|p| p.len() > 2));
    assert!(out["confirmed"].as_array().is_some_and(|c| c.len() == 2), "{out}");
    assert_eq!(gigatwin(&f, &machine).out, gigatwin(&f, &machine).out, "same input, same bytes");
}

#[test]
fn an_objective_below_the_floor_is_a_no_that_says_the_floor() {
    let f = folder("serving-floor");
    let args = ["serving", "plan", "--model", "llama-3-1-70b", "--chip", "h200-sxm", "--tpot", "0.5"];
    let answer = gigatwin(&f, &args).exits(1);
    assert!(answer.out.contains("below the physical floor"), "{}", answer.out);
}
