//! Files that are not understood or not there.

use super::{folder, gigatwin, with_site, write};

#[test]
fn a_missing_file_is_a_fault_of_the_environment() {
    let f = folder("missing");
    for verb in ["run", "check", "explain"] {
        let a = gigatwin(&f, &[verb, "nowhere.toml"]).exits(3);
        assert!(a.err.contains("nowhere.toml") && a.out.is_empty());
    }
    gigatwin(&f, &["check", "."]).exits(3);
    gigatwin(&f, &["diff", "a.toml", "b.toml"]).exits(3);
    gigatwin(&f, &["validate", "training", "--data", "nowhere.csv"]).exits(3);
    gigatwin(&f, &["catalog", "list", "--catalog", "nowhere"]).exits(3);
}

#[test]
fn a_broken_file_is_drawn_on_standard_error() {
    let f = folder("broken");
    write(&f, "site.toml", "format = 1\n[factory\nname = \"x\"\n");
    let a = gigatwin(&f, &["check", "site.toml"]).exits(2);
    assert!(a.out.is_empty());
    assert!(a.err.contains("error[G") && a.err.contains("site.toml:2"), "{}", a.err);
    assert!(!a.err.contains('\u{1b}'), "colour in a pipe");
}

#[test]
fn a_broken_file_is_listed_under_json() {
    let f = folder("broken-json");
    write(&f, "site.toml", "format = 1\n[factory\nname = \"x\"\n");
    for verb in ["check", "run", "explain"] {
        let list = gigatwin(&f, &[verb, "site.toml", "--json"]).exits(2).json();
        let first = &list[0];
        for key in ["code", "severity", "message", "file", "line", "column", "hint"] {
            assert!(!first[key].is_null(), "{verb}: {key} in {first}");
        }
        assert_eq!(first["severity"], "error");
        assert_eq!(first["file"], "site.toml");
        assert_eq!(first["line"], 2);
    }
}

#[test]
fn findings_stand_in_the_order_of_the_file() {
    let f = with_site("order");
    let text = std::fs::read_to_string(f.join("site.toml")).expect("file");
    write(&f, "site.toml", format!("{text}\nzzz = 1\nyyy = 2\n"));
    let list = gigatwin(&f, &["check", "site.toml", "--json"]).exits(2).json();
    let lines: Vec<u64> = list.as_array().expect("list").iter().filter_map(|d| d["line"].as_u64()).collect();
    assert!(lines.len() >= 2 && lines.is_sorted(), "{lines:?}");
}

#[test]
fn strange_bytes_do_no_harm() {
    let f = folder("bytes");
    for (i, bytes) in
        [&b""[..], b"\xff\xfe\x00", b"\xef\xbb\xbf", b"a = \"\xc3", b"\0", b"[[[[[[[["].iter().enumerate()
    {
        let name = format!("{i}.toml");
        write(&f, &name, bytes);
        gigatwin(&f, &["check", &name]).exits(2);
        gigatwin(&f, &["run", &name, "--json"]).exits(2).json();
    }
    write(&f, "long.toml", "x".repeat(11_000_000));
    gigatwin(&f, &["check", "long.toml"]).exits(2);
}

#[test]
fn extends_in_a_circle_is_seen_under_any_spelling() {
    let f = folder("circle");
    write(&f, "a.toml", "format = 1\nextends = \"./b.toml\"\n");
    write(&f, "b.toml", "format = 1\nextends = \"../circle/a.toml\"\n");
    write(&f, "c.toml", "format = 1\nextends = \"./c.toml\"\n");
    gigatwin(&f, &["check", "c.toml"]).exits(2);
    let a = gigatwin(&f, &["check", "a.toml"]).exits(2);
    assert!(a.err.len() < 10_000);
}

#[test]
fn an_unknown_figure_is_answered_with_near_ones() {
    let f = with_site("unknown-metric");
    let a = gigatwin(&f, &["explain", "site.toml", "site.puee", "--draws", "0"]).exits(2);
    assert!(a.err.contains("site.pue"), "{}", a.err);
    let list = gigatwin(&f, &["explain", "site.toml", "site.puee", "--draws", "0", "--json"]).exits(2).json();
    assert!(list[0]["hint"].as_str().is_some_and(|h| h.contains("site.pue")));
}

#[test]
fn data_of_ones_own_must_have_the_columns() {
    let f = folder("own-data");
    write(&f, "mine.csv", "not a table\n");
    let a = gigatwin(&f, &["validate", "training", "--data", "mine.csv"]).exits(2);
    assert!(a.err.contains("mine.csv"), "{}", a.err);
    write(&f, "bytes.csv", b"\xff\xfe");
    gigatwin(&f, &["validate", "training", "--data", "bytes.csv"]).exits(2);
    let a = gigatwin(&f, &["validate", "trainings"]).exits(2);
    assert!(a.err.contains("training"), "{}", a.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_fault_of_the_environment() {
    let f = folder("full");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("device");
    let status = super::command(&f)
        .args(["schema"])
        .stdout(full)
        .stderr(std::process::Stdio::null())
        .status()
        .expect("the binary starts");
    assert_eq!(status.code(), Some(3));
}
