//! Every option that an export writes is one that the engine has, with a value of its type: compiled facts of published packages
//! (`validation/exports/engine_options.csv`, which `validation/exports/check.sh` reads anew).

#![allow(clippy::expect_used, clippy::panic)] // helpers of tests

mod common;

use std::collections::BTreeMap;

use common::service;
use gigatwin_catalog::Precision;
use gigatwin_export::{ExportFile, PoolRole, ServiceExport, sglang, vllm};

const TABLE: &str = include_str!("../../../validation/exports/engine_options.csv");

/// Options of one engine: type and choices.
fn options(engine: &str) -> BTreeMap<&'static str, (&'static str, Vec<&'static str>)> {
    let rows = TABLE.lines().filter(|l| !l.starts_with('#')).skip(1);
    let split = rows.map(|l| l.split(',').collect::<Vec<_>>()).filter(|r| r[0] == engine);
    split.map(|r| (r[2], (r[3], r[4].split('|').collect()))).collect()
}

/// Options of a script with their values, each on a line of its own.
fn used(file: &ExportFile) -> Vec<(&str, Option<&str>)> {
    let lines =
        file.text.lines().map(|l| l.trim().trim_end_matches('\\').trim()).filter(|l| l.starts_with("--"));
    lines.map(|l| l.split_once(' ').map_or((l, None), |(name, value)| (name, Some(value)))).collect()
}

/// Why the engine would not take an option; `None` where it does.
fn refused(engine: &str, name: &str, value: Option<&str>) -> Option<String> {
    let all = options(engine);
    assert!(all.len() > 150, "the table of {engine} is whole");
    let Some((kind, choices)) = all.get(name) else { return Some(format!("{engine} has no {name}")) };
    let value = value.map(|v| v.trim_matches('\''));
    // What the shell fills in is not known here.
    let filled = value.is_some_and(|v| v.contains('$'));
    let fits = match (*kind, value) {
        ("flag", given) => given.is_none(),
        (_, None) => false,
        _ if filled => true,
        ("int", Some(v)) => v.parse::<i64>().is_ok(),
        ("float", Some(v)) => v.parse::<f64>().is_ok(),
        ("json", Some(v)) => v.starts_with('{') && v.ends_with('}') && v.matches('"').count() % 2 == 0,
        ("choice", Some(v)) => choices.contains(&v),
        ("str" | "list" | "any", Some(_)) => true,
        (other, _) => panic!("{other} is no type of the table"),
    };
    (!fits).then(|| format!("{engine} {name} wants a {kind}, not {value:?}"))
}

fn services() -> Vec<ServiceExport<'static>> {
    let mut list = Vec::new();
    for weights in [Precision::Bf16, Precision::Fp8, Precision::Fp4] {
        for kv in [Precision::Bf16, Precision::Fp8] {
            for role in [None, Some(PoolRole::Prefill), Some(PoolRole::Decode)] {
                for (dp_attention, per_node) in [(1, 8), (4, 8), (4, 4)] {
                    let mut export = service(2, dp_attention, per_node, weights);
                    (export.role, export.deployment.kv) = (role, kv);
                    list.push(export);
                }
            }
        }
    }
    list
}

#[test]
fn each_option_is_the_engines_own_with_a_value_of_its_type() {
    let mut seen = 0;
    for service in services() {
        let on_one_node = vllm(&service).map(|files| ("vllm", files));
        let anywhere = sglang(&service).map(|files| ("sglang", files));
        for (engine, files) in on_one_node.into_iter().chain(anywhere) {
            for (name, value) in files.iter().flat_map(used) {
                seen += 1;
                assert_eq!(refused(engine, name, value), None);
            }
        }
    }
    assert!(seen > 500, "{seen} options were looked at");
}

/// A table that takes everything would prove nothing.
#[test]
fn wrong_names_types_and_words_are_refused() {
    for (name, value) in [
        ("--kv-cash-dtype", Some("auto")),
        ("--kv-cache-dtype", Some("fp6")),
        ("--max-num-seqs", Some("63.5")),
        ("--gpu-memory-utilization", Some("much")),
        ("--enable-expert-parallel", Some("8")),
        ("--tensor-parallel-size", None),
        ("--kv-transfer-config", Some("NixlConnector")),
    ] {
        assert!(refused("vllm", name, value).is_some(), "{name} {value:?}");
    }
    assert!(refused("sglang", "--disaggregation-mode", Some("both")).is_some());
}
