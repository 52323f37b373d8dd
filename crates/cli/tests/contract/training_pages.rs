//! What `training` says: stdout, stderr and exit code, the trace it writes, and every kind of bad input.
//!
//! A change of the engine changes these pages: `INSTA_UPDATE=always cargo test -p gigatwin --test contract training_pages` writes
//! them anew, to be read in the diff.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Answer, folder, gigatwin};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn call(line: &str) -> Answer {
    gigatwin(repository(), &line.split_whitespace().collect::<Vec<_>>())
}

fn said(line: &str) -> String {
    let a = call(line);
    format!("exit {}\n--- stdout\n{}--- stderr\n{}", a.code, a.out, a.err)
        .replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

const DENSE: &str = "--model llama-3-1-70b --system dgx-h100 --chips 256 --seq 8192 --batch 256";
const EXPERTS: &str = "--model mixtral-8x7b --system dgx-h100 --chips 64 --seq 8192 --batch 512";

#[test]
fn pages() {
    insta::assert_snapshot!("training-plan", said(&format!("training plan {DENSE} --explain")));
    insta::assert_snapshot!(
        "training-plan-too-large",
        said("training plan --model llama-3-1-405b --system dgx-h100 --chips 8 --batch 64")
    );
    insta::assert_snapshot!(
        "training-predict",
        said(&format!("training predict {DENSE} --tp 8 --pp 8 --vpp 2 --recompute full --explain"))
    );
    insta::assert_snapshot!("training-predict-too-large", said(&format!("training predict {DENSE} --tp 2")));
    insta::assert_snapshot!(
        "training-campaign",
        said("training campaign examples/gigafactory.toml --run frontier --simulations 8")
    );
    insta::assert_snapshot!(
        "training-frontier",
        said("training frontier examples/gigafactory.toml --run frontier")
    );
}

/// One page for all bad input the planner's users run into; each with its code and, for layouts, the nearest valid one.
#[test]
fn bad_input() {
    let cases = [
        ("does not divide", format!("{DENSE} --tp 3")),
        ("larger than the partition", format!("{DENSE} --tp 8 --pp 64")),
        ("sequence by context ranks", format!("{} --cp 32", DENSE.replace("--seq 8192", "--seq 1000"))),
        ("experts", format!("{EXPERTS} --ep 3")),
        ("no experts", format!("{DENSE} --ep 4")),
        ("more chunks than layers", format!("{DENSE} --pp 8 --vpp 40")),
        ("no tokens", format!("{DENSE} --tokens 0")),
        ("unknown format", format!("{DENSE} --precision fp6")),
        ("format the chip lacks", format!("{DENSE} --precision fp4")),
        ("zero", format!("{} --tp 0", DENSE.replace("--batch 256", "--batch 0"))),
        ("all at once", format!("{EXPERTS} --precision fp4 --tokens 0 --tp 3 --cp 3 --ep 5 --pp 40 --vpp 3")),
    ];
    let mut page = String::new();
    for (name, options) in &cases {
        let a = call(&format!("training predict {options}")).exits(2);
        assert!(a.out.is_empty(), "{name}: nothing but faults\n{}", a.out);
        page.push_str(&format!("# {name}\n{}\n", a.err));
    }
    insta::assert_snapshot!("training-bad-input", page);
}

/// The layout a hint names is valid itself.
#[test]
fn the_nearest_layout_of_a_hint_runs() {
    for options in
        ["--tp 3", "--cp 3", "--tp 8 --pp 64", "--ep 4", "--pp 8 --vpp 40", "--tp 16 --pp 7 --dp 3"]
    {
        let a = call(&format!("training predict {DENSE} {options} --json")).exits(2).json();
        let hint = a[0]["hint"].as_str().unwrap_or_default().to_owned();
        let (_, nearest) = hint.split_once("layout is ").expect("a layout");
        let base =
            if nearest.contains("--batch") { DENSE.replace("--batch 256", "") } else { DENSE.to_owned() };
        let b = call(&format!("training predict {base} {nearest}"));
        assert!(b.code == 0 || b.code == 1, "{options}: {nearest}\n{}", b.err);
    }
}

/// A trace is what viewers read: one process per stage, nothing overlaps on a thread, and the chip's thread is the whole step.
#[test]
fn a_trace_holds_the_step() {
    let folder = folder("training-trace");
    let runs = [
        format!("predict {DENSE} --tp 8 --pp 8 --recompute full"),
        format!("predict {DENSE} --tp 8 --pp 8 --vpp 2 --recompute full"),
        format!("predict {DENSE} --tp 8 --pp 8 --schedule zero-bubble --recompute full"),
        format!("predict {DENSE} --tp 8 --pp 8 --schedule dual-pipe --recompute full"),
        format!("plan {EXPERTS}"),
    ];
    for (i, run) in runs.iter().enumerate() {
        let file = folder.join(format!("{i}.json"));
        let a = call(&format!("training {run} --trace {} --json", file.display())).exits(0).json();
        let step = a["step"]["step_time_s"].as_f64().expect("time") * 1e6;
        let text = std::fs::read_to_string(&file).expect("the trace");
        let trace: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut threads: BTreeMap<(u64, u64), (f64, f64)> = BTreeMap::new();
        let mut parts: BTreeMap<String, f64> = BTreeMap::new();
        let slowest = a["timeline"]["slowest_stage"].as_u64().expect("a stage");
        for e in trace["traceEvents"].as_array().expect("events").iter().filter(|e| e["ph"] == "X") {
            let n = |key: &str| e[key].as_f64().expect("a number");
            let at = (n("pid") as u64, n("tid") as u64);
            let (end, sum) = threads.entry(at).or_default();
            assert!(n("ts") >= *end - 1e-6 * step, "{run}: {e} overlaps");
            (*end, *sum) = (n("ts") + n("dur"), *sum + n("dur"));
            if at == (slowest, 0) {
                *parts.entry(e["cat"].as_str().unwrap_or_default().to_owned()).or_default() += n("dur");
            }
        }
        let stages = a["layout"]["pp"].as_u64().expect("stages");
        for stage in 0..stages {
            let (end, sum) = threads[&(stage, 0)];
            assert!(
                (end / step - 1.0).abs() < 1e-6 && (sum / step - 1.0).abs() < 1e-6,
                "{run}: stage {stage}"
            );
        }
        let names = [
            ("gemm", "matrix_products"),
            ("bubble", "pipeline_bubble"),
            ("data", "data_parallel_communication"),
        ];
        for (part, name) in names {
            let told = 1e6 * a["step"]["parts_s"][name].as_f64().expect(name);
            let drawn = parts.get(part).copied().unwrap_or(0.0);
            assert!((drawn - told).abs() < 1e-6 * step, "{run}: {part} {drawn} against {told}");
        }
    }
}

/// Power by state times the shares of the step is the energy; per token and per step agree.
#[test]
fn energy_is_power_times_time() {
    let a = call(&format!("training predict {DENSE} --tp 8 --pp 8 --recompute full --json")).exits(0).json();
    let s = &a["step"];
    let n = |v: &serde_json::Value| v.as_f64().expect("a number");
    let mean: f64 =
        ["compute", "communicate", "idle"].iter().map(|k| n(&s["power_w"][k]) * n(&s["shares"][k])).sum();
    assert!((mean / n(&s["power_w"]["mean"]) - 1.0).abs() < 1e-9);
    let joules = mean * n(&a["layout"]["accelerators"]) * n(&s["step_time_s"]);
    assert!((joules / n(&s["energy_j"]) - 1.0).abs() < 1e-9);
    assert!((n(&s["energy_j"]) / (256.0 * 8192.0) / n(&s["energy_j_per_token"]) - 1.0).abs() < 1e-9);
    assert!((n(&s["energy_mwh"]) * 3.6e9 / joules - 1.0).abs() < 1e-9);
    assert!(
        n(&s["power_w"]["compute"]) > n(&s["power_w"]["communicate"])
            && n(&s["power_w"]["communicate"]) > n(&s["power_w"]["idle"])
    );
}

#[test]
fn only_training_is_ablated() {
    let a = call("validate power --ablate").exits(2);
    assert!(a.err.contains("G528"), "{}", a.err);
}

/// Batch scripts are read by the shell that runs them.
#[test]
fn batch_scripts_are_shell() {
    let folder = folder("training-sbatch");
    for engine in ["megatron", "torchtitan"] {
        let out = folder.join(engine);
        call(&format!("export {engine} {DENSE} --out {}", out.display())).exits(0);
        let script = std::fs::read_dir(&out)
            .expect("folder")
            .filter_map(|f| Some(f.ok()?.path()))
            .find(|p| p.extension().is_some_and(|e| e == "sbatch"))
            .expect("a script");
        match std::process::Command::new("bash").arg("-n").arg(&script).output() {
            Ok(o) => assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr)),
            Err(e) => eprintln!("skipped: no bash ({e})"),
        }
    }
}
