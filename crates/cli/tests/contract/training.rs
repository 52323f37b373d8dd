//! `training` and `export`: answers, refusals and what the engines' own parsers say.

use super::{Answer, gigatwin};
use std::path::Path;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn call(line: &str) -> Answer {
    gigatwin(repository(), &line.split_whitespace().collect::<Vec<_>>())
}

const SMALL: &str = "--model llama-3-1-8b --system dgx-h100 --chips 64 --seq 8192 --batch 512";

#[test]
fn a_plan_names_layout_step_and_why_the_next_best_loses() {
    let a = call(&format!("training plan {SMALL} --json")).exits(0).json();
    assert!(a["layout"]["tp"].as_u64().is_some_and(|n| n >= 1));
    assert!(a["step"]["low"].as_f64() < a["step"]["step_time_s"].as_f64());
    assert!(a["runner_up"]["loses_in"].as_str().is_some_and(|t| !t.is_empty()));
    let parts: f64 =
        a["step"]["parts_s"].as_object().expect("parts").values().filter_map(|v| v.as_f64()).sum();
    let whole = a["step"]["step_time_s"].as_f64().expect("time");
    assert!((parts / whole - 1.0).abs() < 1e-9, "the parts add up to the step");
}

#[test]
fn a_run_of_a_file_is_found_by_its_name() {
    call("training plan examples/gigafactory.toml --run frontier --json").exits(0);
    let a = call("training plan examples/gigafactory.toml --run nobody").exits(2);
    assert!(a.err.contains("G302") && a.err.contains("frontier"), "{}", a.err);
    let a = call("training plan examples/gigafactory.toml").exits(2);
    assert!(a.err.contains("G520") && a.err.contains("--run"), "{}", a.err);
}

#[test]
fn a_model_that_does_not_fit_is_a_no_with_what_is_short() {
    let a = call("training plan --model llama-3-1-405b --system dgx-h100 --chips 8 --batch 64 --json")
        .exits(1)
        .json();
    assert!(a["memory_short_bytes"].as_f64().is_some_and(|b| b > 1e9));
    assert!(a["infeasible"].as_str().is_some_and(|t| t.contains("GB")));
}

#[test]
fn a_layout_that_cannot_be_run_is_answered_with_all_its_faults_and_the_nearest_one() {
    let line = format!("training predict {SMALL} --tp 3 --pp 40 --vpp 2 --ep 4 --micro-batch 7 --json");
    let list = call(&line).exits(2).json();
    let codes: Vec<&str> = list.as_array().expect("list").iter().filter_map(|d| d["code"].as_str()).collect();
    for code in ["G522", "G523", "G524", "G525"] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    let hint = list[0]["hint"].as_str().expect("hint").to_owned();
    let (_, options) = hint.split_once("layout is ").expect("the nearest layout");
    // The batch of the hint replaces the one given.
    let base = if options.contains("--batch") { SMALL.replace("--batch 512", "") } else { SMALL.to_owned() };
    let code = call(&format!("training predict {base} {options}")).code;
    assert!(code == 0 || code == 1, "the nearest layout is valid: {options}");
}

#[test]
fn options_are_checked_all_at_once() {
    let line = "training plan --model llama-3-1-8b --system dgx-a100 --chips 64 --seq 0 --batch 0 --precision fp8 --tokens 0 --json";
    let list = call(line).exits(2).json();
    let codes: Vec<&str> = list.as_array().expect("list").iter().filter_map(|d| d["code"].as_str()).collect();
    assert_eq!(codes, ["G521", "G521", "G526", "G527"]);
    let a = call("training plan --model llama-3-1-8c --system dgx-h100 --chips 8").exits(2);
    assert!(a.err.contains("G301") && a.err.contains("llama-3-1-8b"), "{}", a.err);
}

#[test]
fn exports_are_files_with_their_prediction_on_top() {
    let a = call(&format!("export megatron {SMALL} --json")).exits(0).json();
    let names: Vec<&str> =
        a["files"].as_array().expect("files").iter().filter_map(|f| f["name"].as_str()).collect();
    assert_eq!(names, ["run-megatron.args", "run-megatron-bridge.yaml", "run-megatron.sbatch"]);
    for file in a["files"].as_array().expect("files") {
        assert!(file["text"].as_str().is_some_and(|t| t.contains("predicted: ") && t.contains("inputs ")));
    }
    call(&format!("export torchtitan {SMALL} --json")).exits(0);
    // torchtitan has no such model: an answer, not a fault.
    let a = call("export torchtitan --model gpt-3-175b --system dgx-h100 --chips 512 --batch 512 --seq 2048")
        .exits(1);
    assert!(a.err.contains("torchtitan knows no model"), "{}", a.err);
}

#[test]
fn a_campaign_says_days_energy_money_and_where_the_time_goes() {
    let a = call("training campaign examples/gigafactory.toml --run frontier --json").exits(0).json();
    let shares: f64 = a["shares"].as_object().expect("shares").values().filter_map(|v| v.as_f64()).sum();
    let ettr = a["ettr"].as_f64().expect("ettr");
    assert!((shares + ettr - 1.0).abs() < 1e-9, "all of the wall time is accounted for");
    for key in ["days", "energy_j", "cost_eur", "energy_cost_eur", "carbon_kg", "accelerator_hours"] {
        assert!(a[key].as_f64().is_some_and(|x| x > 0.0), "{key}: {}", a[key]);
    }
    let simulated = a["days_simulated"]["mean"].as_f64().expect("mean");
    assert!((simulated / a["days"].as_f64().expect("days") - 1.0).abs() < 0.02, "closed form and simulation");
    let again = call("training campaign examples/gigafactory.toml --run frontier --json").exits(0).json();
    assert_eq!(a, again, "the same seed, the same bits");
    let b = call("training campaign examples/gigafactory.toml --run frontier --tokens 0").exits(2);
    assert!(b.err.contains("G527"), "{}", b.err);
}

#[test]
fn a_service_is_exported_and_an_unknown_one_is_not_understood() {
    let file = "examples/ai-factory-hammerhai.toml";
    for (engine, option) in
        [("vllm", "--tensor-parallel-size"), ("sglang", "--tp-size"), ("kubernetes", "kind: Deployment")]
    {
        let a = call(&format!("export {engine} {file} --json")).exits(0).json();
        let text = a["files"][0]["text"].as_str().expect("text");
        assert!(text.contains(option) && text.contains("predicted at the limit: "), "{text}");
        let b = call(&format!("export {engine} {file} --service nobody")).exits(2);
        assert!(b.err.contains("engineering-assistant"), "{}", b.err);
    }
}

#[test]
fn the_frontier_says_the_largest_model_and_how_long_it_keeps_up() {
    let line = "training frontier examples/gigafactory.toml --run frontier";
    let a = call(&format!("{line} --json")).exits(0).json();
    let n = |v: &serde_json::Value| v.as_f64().expect("number");
    let by_hand = n(&a["layout"]["accelerators"])
        * n(&a["peak_flops"])
        * n(&a["mfu"])
        * n(&a["ettr"])
        * n(&a["days"])
        * 86_400.0;
    assert!((by_hand / n(&a["compute_flop"]) - 1.0).abs() < 1e-9, "the product of what is printed");
    assert!(n(&a["low"]) < n(&a["compute_flop"]) && n(&a["compute_flop"]) < n(&a["high"]));
    for law in a["laws"].as_array().expect("laws") {
        let spent = 6.0 * n(&law["parameters"]) * n(&law["tokens"]);
        assert!((spent / n(&a["compute_flop"]) - 1.0).abs() < 1e-9, "C = 6 N D");
        assert!(n(&law["high"]["loss"]) < n(&law["loss"]) && n(&law["loss"]) < n(&law["low"]["loss"]));
    }
    for growth in a["growth"].as_array().expect("growth") {
        let behind = n(&growth["factor_per_year"]).powf(n(&growth["years_behind_at_opening"]));
        assert!((behind * n(&growth["share_of_frontier_at_opening"]) - 1.0).abs() < 1e-6);
    }
    // The campaign's own step and effective time are used.
    let c = call("training campaign examples/gigafactory.toml --run frontier --simulations 0 --json")
        .exits(0)
        .json();
    assert_eq!((&a["mfu"], &a["ettr"]), (&c["step"]["mfu"], &c["ettr"]));
    // Four times the days, four times the compute.
    let b = call(&format!("{line} --days 360 --json")).exits(0).json();
    assert!((n(&b["compute_flop"]) / n(&a["compute_flop"]) - 4.0).abs() < 1e-9);
    let page = call(line).exits(0);
    assert!(page.out.contains("Besiroglu") && page.out.contains("Opening"), "{}", page.out);
}

#[test]
fn the_frontier_of_options_has_no_opening_and_of_an_unknown_partition_no_answer() {
    let a = call(&format!("training frontier {SMALL} --json")).exits(0).json();
    assert!(a["opens"].is_null() && a["growth"][1]["years_behind_at_opening"].is_null());
    assert!(a["growth"][1]["falls_behind_year"].as_i64().is_some_and(|y| y < 2026));
    let b = call("training frontier examples/gigafactory.toml --partition nowhere").exits(2);
    assert!(b.err.contains("G302") && b.err.contains("frontier"), "{}", b.err);
    call(&format!("training frontier {SMALL} --days 0")).exits(2);
}
