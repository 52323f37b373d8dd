//! Services, fine-tuning and development in `run`: pools of their own, uses that add up, applications.

use serde_json::Value;

use super::{folder, gigatwin};

const WORK: &str = r#"
[[tune]]
name = "clinic adapters"
model = "qwen3-32b"
on = "serve"
jobs_per_day = 40
tokens = "200 M"

[[tune]]
name = "reasoning"
model = "llama-3-1-8b"
on = "serve"
jobs_per_day = 2
method = "rl"
rollout = { steps = 200, prompts = 128, answers = 8, prompt = 500, answer = 2000 }

[[develop]]
name = "startups"
on = "serve"
users = 3000
"#;

const PRECISION: &str = "\n[operations]";

/// The reference site with more work, and with the imaging assistant's pools as told.
fn site(name: &str, pools: &str, more: &str) -> (std::path::PathBuf, String) {
    let f = folder(name);
    gigatwin(&f, &["new", "site.toml"]).exits(0);
    let text = std::fs::read_to_string(f.join("site.toml")).expect("the file");
    assert!(text.contains(PRECISION));
    let text = text.replace(PRECISION, &format!("{pools}\n{PRECISION}")) + more;
    std::fs::write(f.join("site.toml"), &text).expect("written");
    (f, text)
}

fn value(out: &Value, id: &str) -> f64 {
    out["metrics"][id]["value"].as_f64().unwrap_or_else(|| panic!("{id}: {}", out["metrics"][id]))
}

fn note(f: &std::path::Path) -> String {
    gigatwin(f, &["run", "site.toml", "--draws", "0"]).exits(0).out
}

/// Every accelerator of every hour is in one use; so are all energy and all money of the year.
#[test]
fn uses_add_up_to_the_site() {
    let (f, _) = site("run-uses", "", WORK);
    let out = gigatwin(&f, &["run", "site.toml", "--draws", "0", "--json"]).exits(0).json();
    let uses = ["training", "serving", "loading", "development", "tuning", "batch"];
    let sum = |key: &str| uses.iter().map(|u| value(&out, &format!("use.{u}.{key}"))).sum::<f64>();
    let near = |a: f64, b: f64, what: &str| assert!((a / b - 1.0).abs() < 1e-9, "{what}: {a} for {b}");
    near(sum("hours"), value(&out, "hours.installed_annual"), "hours");
    near(sum("energy"), value(&out, "energy.annual"), "energy");
    let money = value(&out, "cost.capex_annuity") + value(&out, "cost.opex_annual");
    near(sum("cost"), money, "money");
    // The year's hours of a use are its day's.
    let day = value(&out, "develop.startups.accelerator_hours");
    near(value(&out, "use.development.hours"), day * 8766.0 / 24.0, "development");
    let jobs = ["clinic-adapters", "reasoning"].map(|n| value(&out, &format!("tune.{n}.accelerator_hours")));
    // Gangs hold whole hours, of which the last of a job is worked in part.
    assert!(value(&out, "use.tuning.hours") >= (jobs[0] + jobs[1]) * 8766.0 / 24.0);
    assert!(value(&out, "develop.startups.cost") > 0.0);
    // Fine-tuning computes at full power, waiting notebooks do not: an hour of the one costs more.
    assert!(value(&out, "use.tuning.cost_per_hour") > value(&out, "use.development.cost_per_hour"));
}

/// Without fine-tuning and development those hours are batch work's, and power differs by hour.
#[test]
fn more_work_moves_hours_and_shapes_the_day() {
    let (plain, _) = site("run-no-work", "", "");
    let out = gigatwin(&plain, &["run", "site.toml", "--draws", "0", "--json"]).exits(0).json();
    assert!(out["metrics"].get("use.tuning.hours").is_none(), "n/a, never a false zero");
    let (busy, _) = site("run-day", "", WORK);
    let more = gigatwin(&busy, &["run", "site.toml", "--draws", "0", "--json"]).exits(0).json();
    assert!(value(&more, "use.batch.hours") < value(&out, "use.batch.hours"));
    assert!((value(&more, "energy.annual") / value(&out, "energy.annual") - 1.0).abs() < 0.05);
    gigatwin(&busy, &["energy", "site.toml", "--out", "year"]).exits(0);
    let rows = std::fs::read_to_string(busy.join("year/hours.csv")).expect("hours");
    let head: Vec<&str> = rows.lines().next().expect("a head").split(',').collect();
    let it = head.iter().position(|h| h.starts_with("it")).unwrap_or_else(|| panic!("{head:?}"));
    let day: std::collections::BTreeSet<&str> =
        rows.lines().skip(1).take(24).filter_map(|r| r.split(',').nth(it)).collect();
    assert!(day.len() > 6, "IT power follows the hour: {day:?}");
}

#[test]
fn pools_of_their_own_are_sized_told_and_exported() {
    let (f, _) = site("run-separate", "pools = { form = \"separate\" }", "");
    let page = note(&f);
    assert!(page.contains("separate pools") && page.contains(" x TP") && page.contains(" : D "), "{page}");
    let out = gigatwin(&f, &["run", "site.toml", "--json"]).exits(0).json();
    let of = |key: &str| value(&out, &format!("serving.imaging-assistant.{key}"));
    assert_eq!(of("replicas"), of("prefill_replicas") + of("decode_replicas"));
    assert!(of("kv_transfer") > 0.0 && of("ttft") <= 3000.0 && of("tpot") <= 40.0);
    let band = &out["metrics"]["serving.imaging-assistant.chips"];
    assert!(band["low"].as_f64() < band["high"].as_f64(), "pools follow the draws: {band}");
    // Both pools are in the day, and both are written for the engines.
    let day = gigatwin(&f, &["serving", "site", "site.toml", "--json"]).exits(0).json();
    assert_eq!(day["pools"].as_array().map(Vec::len), Some(2));
    gigatwin(&f, &["export", "sglang", "site.toml", "--out", "jobs"]).exits(0);
    let read = |name: &str| std::fs::read_to_string(f.join("jobs").join(name)).expect("a script");
    assert!(read("imaging-assistant-prefill-sglang.sh").contains("--disaggregation-mode prefill"));
    assert!(read("imaging-assistant-decode-sglang.sh").contains("--disaggregation-mode decode"));
    let replay =
        gigatwin(&f, &["serving", "replay", "site.toml", "--duration", "20", "--json"]).exits(0).json();
    assert!(replay["metrics"]["tpot_p99_ms"]["value"].as_f64().is_some_and(|t| t < 40.0), "{replay}");
}

#[test]
fn a_ratio_of_pools_is_kept() {
    let (f, _) = site("run-ratio", "pools = { form = \"separate\", prefill = 1, decode = 2 }", "");
    let out = gigatwin(&f, &["run", "site.toml", "--draws", "0", "--json"]).exits(0).json();
    let of = |key: &str| value(&out, &format!("serving.imaging-assistant.{key}"));
    // One of each is the spare.
    assert_eq!(of("decode_replicas") - 1.0, 2.0 * (of("prefill_replicas") - 1.0));
}

#[test]
fn the_form_is_chosen_by_accelerators_and_said() {
    let (best, _) = site("run-best", "pools = { form = \"best\" }", "");
    assert!(note(&best).contains("one pool, separate ones take"), "{}", note(&best));
    let (one, _) = site("run-together", "pools = { form = \"together\" }", "");
    assert!(!note(&one).contains("separate ones"));
}

#[test]
fn settings_of_services_that_contradict_each_other_are_refused_at_once() {
    let engine = "engine = { shared_prefix = 9000, draft_tokens = 3, draft_acceptance = \"90 %\", draft_scatter = \"40 %\" }\n\
                  pools = { form = \"together\", prefill = 2, decode = 3 }";
    let (f, text) = site("run-settings", engine, "");
    insta::assert_snapshot!("serving_settings", gigatwin(&f, &["check", "site.toml"]).exits(2).err);
    let half = text.replace("form = \"together\", prefill = 2, decode = 3", "prefill = 2");
    std::fs::write(f.join("half.toml"), half).expect("written");
    let err = gigatwin(&f, &["check", "half.toml"]).exits(2).err;
    assert!(err.contains("G673") && err.contains("both prefill and decode"), "{err}");
}

/// A system prompt that all share leaves room for more requests, and scatter of drafts is felt in the 99th percentile.
#[test]
fn shared_prefixes_and_scatter_of_drafts_show_in_predictions() {
    let f = folder("predict-settings");
    let base = [
        "serving",
        "predict",
        "--model",
        "llama-3-1-70b",
        "--chip",
        "h100-sxm",
        "--tp",
        "2",
        "--prompt",
        "4000",
        "--json",
    ];
    let figure = |more: &[&str], name: &str| {
        let mut args = base.to_vec();
        args.extend(more);
        gigatwin(&f, &args).exits(0).json()["metrics"][name]["value"].as_f64().expect("a figure")
    };
    let shared = ["--shared-prefix", "3500"];
    assert!(figure(&shared, "largest_batch") > 3.0 * figure(&[], "largest_batch"));
    assert!(figure(&shared, "ttft_ms") < figure(&[], "ttft_ms"));
    let drafts = |scatter: &'static str| ["--draft-tokens", "3", "--draft-scatter", scatter];
    assert!(figure(&drafts("0.2"), "tpot_p99_ms") > 1.2 * figure(&drafts("0"), "tpot_p99_ms"));
    assert!(figure(&drafts("0.2"), "tpot_ms") > figure(&drafts("0"), "tpot_ms"));
    let pressed = ["--rate", "1", "--answer", "1500"];
    assert!(figure(&pressed, "preemptions") > 0.0, "memory is tight under random arrivals");
}
