//! `new`, `schema`, `doctor`, `completions`, help and streams.

use std::process::Stdio;

use super::{command, folder, gigatwin, with_site};

#[test]
fn every_template_is_understood() {
    let f = folder("templates");
    let list = gigatwin(&f, &["new", "--list", "--json"]).exits(0).json();
    let names: Vec<&str> = list.as_array().expect("list").iter().filter_map(|t| t["name"].as_str()).collect();
    assert!(names.contains(&"gigafactory"), "{names:?}");
    for name in names {
        let file = format!("{name}.toml");
        gigatwin(&f, &["new", &file, "--template", name]).exits(0);
        gigatwin(&f, &["check", &file]).exits(0);
    }
}

#[test]
fn new_does_not_write_over_a_file() {
    let f = with_site("no-overwrite");
    std::fs::write(f.join("site.toml"), "mine").expect("file");
    gigatwin(&f, &["new", "site.toml"]).exits(3);
    assert_eq!(std::fs::read_to_string(f.join("site.toml")).expect("file"), "mine");
    gigatwin(&f, &["new", "site.toml", "--force"]).exits(0);
    assert_ne!(std::fs::read_to_string(f.join("site.toml")).expect("file"), "mine");
    assert_eq!(std::fs::read_dir(&f).expect("folder").count(), 1, "no temporary file is left");
}

#[test]
fn new_names_the_templates_it_has() {
    let f = folder("templates-unknown");
    let a = gigatwin(&f, &["new", "x.toml", "--template", "gigafabric"]).exits(2);
    assert!(a.err.contains("gigafactory"), "{}", a.err);
}

#[test]
fn schema_is_json() {
    let schema = gigatwin(&folder("schema"), &["schema"]).exits(0).json();
    assert!(schema["$schema"].is_string());
}

#[test]
fn doctor_finds_nothing_wrong() {
    let f = folder("doctor");
    gigatwin(&f, &["doctor"]).exits(0);
    let list = gigatwin(&f, &["doctor", "--json"]).exits(0).json();
    assert!(list.as_array().expect("list").iter().all(|x| x["ok"] == true));
    gigatwin(&f, &["doctor", "--catalog", "nowhere"]).exits(3);
}

#[test]
fn shells_get_completions() {
    let f = folder("completions");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let a = gigatwin(&f, &["completions", shell]).exits(0);
        assert!(a.out.contains("gigatwin") && a.out.contains("explain"), "{shell}");
    }
    gigatwin(&f, &["completions", "tcsh"]).exits(2);
}

#[test]
fn help_and_bad_flags() {
    let f = folder("help");
    assert!(gigatwin(&f, &["--help"]).exits(0).out.contains("Exit codes"));
    gigatwin(&f, &["--version"]).exits(0);
    for bad in [&["walk"][..], &["run"], &["run", "x", "--draws", "-1"], &["run", "x", "--seed", "a"], &[]] {
        gigatwin(&f, bad).exits(2);
    }
    gigatwin(&f, &["schema", "--lang", "la"]).exits(2);
    gigatwin(&f, &["schema", "--threads", "0"]).exits(2);
}

/// `gigatwin … | head -1` must end quietly: the reader is gone before anything is written.
#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_fault() {
    let f = with_site("pipe");
    for args in [&["completions", "zsh"][..], &["schema"], &["run", "site.toml", "--json"], &["--help"]] {
        let mut child = command(&f)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let out = child.wait_with_output().expect("ends");
        let err = String::from_utf8_lossy(&out.stderr);
        assert!(!err.contains("panicked") && !err.contains("error"), "{args:?}: {err}");
        assert!(matches!(out.status.code(), Some(0 | 1)), "{args:?}: {:?}", out.status);
    }
}
