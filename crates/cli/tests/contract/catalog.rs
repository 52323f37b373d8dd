//! The catalog and what a user lays over it.

use super::{folder, gigatwin, write};

#[test]
fn the_embedded_catalog_is_sound() {
    let f = folder("catalog");
    gigatwin(&f, &["catalog", "check"]).exits(0);
    assert_eq!(gigatwin(&f, &["catalog", "check", "--json"]).exits(0).json(), serde_json::json!([]));
}

#[test]
fn every_entry_can_be_shown() {
    let f = folder("catalog-show");
    let kinds = gigatwin(&f, &["catalog", "list", "--json"]).exits(0).json();
    for kind in kinds.as_array().expect("list").iter().filter_map(|k| k["kind"].as_str()) {
        let entries = gigatwin(&f, &["catalog", "list", kind, "--json"]).exits(0).json();
        // One of each kind: all of them are read by `catalog check`.
        if let Some(id) = entries[0]["id"].as_str() {
            let name = format!("{kind}/{id}");
            gigatwin(&f, &["catalog", "show", &name]).exits(0);
            let entry = gigatwin(&f, &["catalog", "show", &name, "--json"]).exits(0).json();
            assert_eq!(entry["id"], id);
        }
    }
}

#[test]
fn a_misspelt_entry_is_answered_with_the_nearest() {
    let f = folder("catalog-near");
    let a = gigatwin(&f, &["catalog", "show", "accelerators/h100-sxn"]).exits(2);
    assert!(a.err.contains("h100-sxm"), "{}", a.err);
    gigatwin(&f, &["catalog", "show", "no-such-thing-at-all"]).exits(2);
    gigatwin(&f, &["catalog", "list", "chips"]).exits(2);
}

const CHIP: &str = "name = \"Mine\"\n\
[provenance]\nsource = \"own test\"\ndate = \"2026-01\"\nconfidence = \"measured\"\n\
[figures]\nmemory = \"100 GB\"\n";

#[test]
fn a_users_folder_adds_entries_and_its_faults_are_found() {
    let f = folder("overlay");
    std::fs::create_dir_all(f.join("mine/accelerators")).expect("folder");
    write(&f, "mine/accelerators/mine-1.toml", CHIP);
    let a = gigatwin(&f, &["catalog", "show", "mine-1", "--catalog", "mine"]).exits(0);
    assert!(a.out.contains("100 GB") && a.out.contains("own test"), "{}", a.out);
    let by_environment = super::command(&f)
        .args(["catalog", "show", "mine-1"])
        .env("GIGATWIN_CATALOG", "mine")
        .output()
        .expect("the binary starts");
    assert_eq!(by_environment.status.code(), Some(0));
    write(&f, "mine/accelerators/mine-2.toml", CHIP.replace("100 GB", "100 MW"));
    let a = gigatwin(&f, &["catalog", "check", "--catalog", "mine"]).exits(2);
    assert!(a.err.contains("mine-2"), "{}", a.err);
    write(&f, "mine/notes.txt", "x");
    let a = gigatwin(&f, &["catalog", "list", "--catalog", "mine"]).exits(0);
    assert!(a.err.contains("notes.txt"), "{}", a.err);
}

#[test]
fn a_chip_is_not_measured_without_an_engine() {
    let folder = folder("measure-without-engine");
    let answer = gigatwin(&folder, &["catalog", "measure", "--python", "/nowhere/python"]).exits(3);
    assert!(answer.out.is_empty(), "{}", answer.out);
    assert!(answer.err.contains("error[G640]: no PyTorch for /nowhere/python"), "{}", answer.err);
}
