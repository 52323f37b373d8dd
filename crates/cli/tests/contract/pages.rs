//! What a user sees: stdout, stderr and exit code of the main job on the examples, and of the verbs beside it.
//!
//! A change of an engine changes these pages: `INSTA_UPDATE=always cargo test -p gigatwin --test contract pages` writes them
//! anew, to be read in the diff.

use std::path::Path;

use crate::gigatwin;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Everything a call says. The version stands in each page and is not what is tested.
fn said(args: &[&str]) -> String {
    let answer = gigatwin(repository(), args);
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", answer.code, answer.out, answer.err);
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn examples() {
    for name in ["gigafactory", "gigafactory-100k-chips", "ai-factory-jupiter", "ai-factory-hammerhai"] {
        insta::assert_snapshot!(format!("run-{name}"), said(&["run", &format!("examples/{name}.toml")]));
    }
}

#[test]
fn languages() {
    for language in ["fr", "de"] {
        let page = said(&["run", "examples/gigafactory.toml", "--lang", language]);
        insta::assert_snapshot!(format!("run-gigafactory-{language}"), page);
    }
}

#[test]
fn why_a_figure_is_what_it_is() {
    let tree = said(&["explain", "examples/gigafactory.toml", "cost.opex_annual", "--depth", "1"]);
    insta::assert_snapshot!("explain-opex", tree);
    insta::assert_snapshot!("explain-unknown", said(&["explain", "examples/gigafactory.toml", "site.peu"]));
}

#[test]
fn what_differs() {
    let page = said(&[
        "diff",
        "examples/ai-factory-hammerhai.toml",
        "crates/cli/tests/contract/hammerhai-spot.toml",
    ]);
    insta::assert_snapshot!("diff-spot-price", page);
}

#[test]
fn faults_in_their_place() {
    let page = said(&["check", "crates/factory/tests/broken/many-faults.toml"]);
    insta::assert_snapshot!("check-many-faults", page);
}

#[test]
fn measured_against_predicted() {
    insta::assert_snapshot!("validate-sites", said(&["validate", "sites"]));
    insta::assert_snapshot!("validate-power", said(&["validate", "power"]));
}
