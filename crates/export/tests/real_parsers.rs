//! The exported files, read by the parsers of the engines.
//!
//! `GIGATWIN_PYTHON` names an interpreter of an environment made by `pip install --no-deps vllm==0.8.5 sglang==0.5.9` and
//! `pip install kubernetes pyyaml`; without it `python3` is tried. Where a package is not installed the test says so and passes.

#![allow(clippy::expect_used)] // helpers of tests

mod common;

use std::process::Command;

use common::service;
use gigatwin_catalog::Precision;
use gigatwin_export::{ExportFile, kubernetes, sglang, vllm};

/// Whether the parser of an engine takes the file; `None` where it is not installed.
fn parsed(engine: &str, file: &ExportFile) -> Option<Result<String, String>> {
    let folder = std::env::temp_dir().join(format!("gigatwin-parsers-{}-{engine}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(&file.name);
    std::fs::write(&path, &file.text).expect("a file");
    let python = std::env::var("GIGATWIN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parsers.py");
    let Ok(done) = Command::new(&python).args([script, engine]).arg(&path).output() else {
        eprintln!("skipped: there is no {python}");
        return None;
    };
    if done.status.code() == Some(77) {
        eprintln!("skipped: {}", String::from_utf8_lossy(&done.stdout).trim());
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Some(if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) })
}

fn takes(engine: &str, files: &[ExportFile]) {
    for file in files {
        match parsed(engine, file) {
            None => return,
            Some(found) => {
                found.expect("the engine's parser takes the file");
            }
        }
    }
}

#[test]
fn vllm_knows_all_options() {
    for weights in [Precision::Bf16, Precision::Fp8, Precision::Fp4] {
        takes("vllm", &vllm(&service(2, 4, 8, weights)).expect("one node"));
    }
}

#[test]
fn sglang_parses_all_options() {
    for per_node in [8, 4] {
        takes("sglang", &sglang(&service(2, 4, per_node, Precision::Fp8)).expect("files"));
    }
}

#[test]
fn kubernetes_reads_what_was_written() {
    for per_node in [8, 4] {
        takes("kubernetes", &kubernetes(&service(2, 4, per_node, Precision::Fp8)).expect("files"));
    }
}

/// A parser that takes everything would prove nothing.
#[test]
fn a_wrong_option_is_refused() {
    for (engine, files) in [
        ("vllm", vllm(&service(8, 1, 8, Precision::Fp8)).expect("files")),
        ("sglang", sglang(&service(8, 1, 8, Precision::Fp8)).expect("files")),
    ] {
        let mut file = files[0].clone();
        file.text = file.text.replace("--kv-cache-dtype", "--kv-cash-dtype");
        assert!(parsed(engine, &file).is_none_or(|r| r.is_err()), "{engine}");
    }
    let mut file = kubernetes(&service(8, 1, 8, Precision::Fp8)).expect("files")[0].clone();
    file.text = file.text.replace("containerPort", "containerPart");
    assert!(parsed("kubernetes", &file).is_none_or(|r| r.is_err()));
}
