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
    assert!(answer.out.contains("short by"), "{}", answer.out);
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
