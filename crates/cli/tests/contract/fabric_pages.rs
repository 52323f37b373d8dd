//! What a user sees of `fabric`: stdout, stderr and exit code of every form, on examples, on options and on bad input.
//!
//! A change of an engine or of the catalog changes these pages: `INSTA_UPDATE=always cargo test -p gigatwin --test contract
//! fabric_pages` writes them anew, to be read in the diff.

use std::path::Path;

use super::{folder, gigatwin, write};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn said_in(folder: &Path, args: &[&str]) -> String {
    let answer = gigatwin(folder, &[&["fabric"], args].concat());
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
    let text = format!(
        "$ gigatwin fabric {}\nexit {}\n--- stdout\n{}--- stderr\n{}",
        args.join(" "),
        answer.code,
        answer.out,
        answer.err
    );
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

fn said(args: &[&str]) -> String {
    said_in(repository(), args)
}

fn all(calls: &[&[&str]]) -> String {
    calls.iter().map(|args| said(args)).collect::<Vec<_>>().join("\n")
}

const SITE: &str = "examples/gigafactory.toml";

#[test]
fn size() {
    insta::assert_snapshot!("fabric-size-file", said(&["size", SITE]));
    let of = |structure: &'static str| {
        ["size", "--endpoints", "4096", "--switch", "quantum-2", "--structure", structure]
    };
    let structures = ["fat-tree", "rail-optimised", "rail-only", "dragonfly", "dragonfly+", "hyperx"]
        .map(|s| said(&of(s)));
    insta::assert_snapshot!("fabric-size-structures", structures.join("\n"));
    let rest = all(&[
        &["size", "--endpoints", "4096", "--planes", "2", "--links-per-cable", "2", "--accelerator", "gb200"],
        &["size", "--endpoints", "4096", "--accelerator", "h100-sxm"],
        &["size", "--endpoints", "4096", "--structure", "torus", "--edge", "4"],
        &["size", "--endpoints", "16384", "--oversubscription", "3", "--switch", "quantum-2"],
    ]);
    insta::assert_snapshot!("fabric-size-planes-and-domains", rest);
}

#[test]
fn collective() {
    let pages = all(&[
        &["collective", "--accelerator", "h100-sxm"],
        &[
            "collective",
            "--accelerator",
            "h100-sxm",
            "--ranks",
            "256",
            "--op",
            "broadcast",
            "--bytes",
            "64KiB,1GiB",
        ],
        &[
            "collective",
            "--accelerator",
            "h100-sxm",
            "--ranks",
            "8",
            "--op",
            "broadcast",
            "--bytes",
            "64KiB,1GiB",
        ],
        &["collective", "--accelerator", "gb200", "--ranks", "288", "--op", "all-to-all", "--bytes", "1GiB"],
        &["collective", "--accelerator", "a100-sxm-80", "--ranks", "64", "--nic", "200", "--bytes", "1GiB"],
        &["collective", "--accelerator", "h100-sxm", "--ranks", "64", "--sharp", "--bytes", "1GiB"],
        &[
            "collective",
            "--accelerator",
            "h100-sxm",
            "--ranks",
            "64",
            "--per-domain",
            "1",
            "--op",
            "all-gather",
            "--bytes",
            "1MiB",
        ],
        &[
            "collective",
            "--accelerator",
            "h100-sxm",
            "--ranks",
            "64",
            "--slowest-link",
            "0.5",
            "--bytes",
            "1GiB",
        ],
        &[
            "collective",
            "--accelerator",
            "h100-sxm",
            "--ranks",
            "64",
            "--rail-only",
            "--op",
            "all-to-all",
            "--bytes",
            "1GiB",
        ],
    ]);
    insta::assert_snapshot!("fabric-collective", pages);
    insta::assert_snapshot!("fabric-collective-file", said(&["collective", SITE, "--bytes", "1GiB"]));
}

#[test]
fn storage_and_reliability() {
    insta::assert_snapshot!("fabric-storage", said(&["storage", SITE]));
    insta::assert_snapshot!("fabric-reliability", said(&["reliability", SITE]));
}

/// A small site with two partitions of the same system, a run on the second.
const TWINS: &str = include_str!("fabric-twins.toml");

#[test]
fn simulate() {
    let small = ["simulate", "--endpoints", "64", "--structure", "fat-tree", "--radix", "16"];
    let with = |more: &[&str]| said(&[&small[..], more].concat());
    let pages = [
        with(&["--certificate"]),
        with(&["--pattern", "all-to-all", "--routing", "dmodk"]),
        with(&["--routing", "ecmp", "--fail", "leaf-spine:random*3", "--background", "20%"]),
        with(&["--flap", "leaf-spine:3@5ms+10ms", "--reaction", "2ms"]),
        said(&[
            "simulate",
            "--endpoints",
            "72",
            "--structure",
            "dragonfly",
            "--radix",
            "8",
            "--routing",
            "adaptive",
        ]),
        said(&[
            "simulate",
            "--endpoints",
            "256",
            "--structure",
            "hyperx",
            "--radix",
            "16",
            "--routing",
            "adaptive",
        ]),
        said(&[
            "simulate",
            "--endpoints",
            "128",
            "--structure",
            "rail-only",
            "--radix",
            "16",
            "--scaleup-domain",
            "8",
            "--scaleup-rate",
            "450 GB/s",
            "--planes",
            "2",
        ]),
    ];
    insta::assert_snapshot!("fabric-simulate", pages.join("\n"));
}

#[test]
fn a_step_of_a_run_is_replayed_on_its_own_partition() {
    let f = folder("fabric-run");
    write(&f, "site.toml", TWINS);
    let pages = [
        said_in(&f, &["simulate", "site.toml", "--run", "small", "--placement", "all"]),
        said_in(&f, &["simulate", "site.toml", "--run", "small", "--overlap", "--routing", "ecmp"]),
        said_in(&f, &["simulate", "site.toml", "--run", "other"]),
    ];
    insta::assert_snapshot!("fabric-simulate-run", pages.join("\n"));
    let args = ["fabric", "simulate", "site.toml", "--run", "small", "--json", "--write-traffic", "step.txt"];
    let out = gigatwin(&f, &args).exits(0).json();
    let notes = out["notes"].to_string();
    assert!(notes.contains("partition second holds the endpoints 64 to 127"), "{notes}");
    // The traffic that was written replays to the same end, placed where the run was.
    let again = gigatwin(
        &f,
        &["fabric", "simulate", "site.toml", "--traffic", "step.txt", "--first", "64", "--json"],
    );
    assert_eq!(again.exits(0).json()["makespan_s"], out["makespan_s"]);
}

#[test]
fn bad_input() {
    let f = folder("fabric-bad");
    write(&f, "unknown.txt", "traffic 1\nranks 8\nflow from=0 to=9 bytes=1GB\nflow from=12 to=1 bytes=1GB\n");
    write(&f, "many.txt", "traffic 1\nranks 10000\ncollective op=all-to-all bytes=1GB size=10000\n");
    write(&f, "rails.txt", "traffic 1\nranks 16\nflow from=0 to=9 bytes=1GB\n");
    let tree = ["simulate", "--structure", "fat-tree", "--switch", "quantum-2"];
    let on = |more: &[&str]| said_in(&f, &[&tree[..], more].concat());
    let pages = [
        // Disconnected.
        said_in(
            &f,
            &[
                "simulate",
                "--structure",
                "rail-only",
                "--endpoints",
                "512",
                "--switch",
                "quantum-2",
                "--traffic",
                "rails.txt",
            ],
        ),
        said_in(&f, &["simulate", "--structure", "rail-only", "--endpoints", "512", "--switch", "quantum-2"]),
        said_in(
            &f,
            &["collective", "--accelerator", "h100-sxm", "--ranks", "16", "--domain", "1", "--rail-only"],
        ),
        on(&["--endpoints", "64", "--fail", "endpoint-leaf:0", "--pattern", "ring"]),
        // No bandwidth.
        on(&["--endpoints", "64", "--endpoint-rate", "0 GB/s"]),
        said_in(&f, &["collective", "--accelerator", "h100-sxm", "--ranks", "16", "--nic", "0"]),
        // A radix that is too small.
        said_in(&f, &["size", "--endpoints", "16384", "--radix", "8"]),
        on(&["--endpoints", "16384", "--radix", "8"]),
        // Endpoints that do not exist.
        on(&["--endpoints", "64", "--traffic", "unknown.txt"]),
        on(&["--endpoints", "64", "--traffic", "many.txt"]),
        on(&["--endpoints", "64", "--traffic", "rails.txt", "--first", "60"]),
        // 10^8 flows.
        on(&["--endpoints", "10001", "--pattern", "all-to-all", "--routing", "ecmp"]),
        on(&["--endpoints", "10001", "--traffic", "many.txt"]),
        // Everything that is wrong at once.
        said_in(
            &f,
            &[
                "size",
                "--endpoints",
                "0",
                "--radix",
                "2",
                "--rails",
                "0",
                "--switch",
                "quantm-2",
                "--oversubscription",
                "0.5",
            ],
        ),
        said_in(
            &f,
            &["size", "--endpoints", "64", "--structure", "torus", "--edge", "1", "--planes", "0", "--json"],
        ),
        on(&["--endpoints", "0", "--bytes", "5", "--background", "200%", "--memory", "x"]),
        said_in(
            &f,
            &["collective", "--accelerator", "h100-sxm", "--op", "sum", "--bytes", "nothing", "--ranks", "0"],
        ),
        said_in(&f, &["collective", "--accelerator", "h100", "--ranks", "16", "--slowest-link", "2"]),
    ];
    insta::assert_snapshot!("fabric-bad-input", pages.join("\n"));
}

#[test]
fn storage_against_what_is_published() {
    let answer = gigatwin(repository(), &["validate", "storage", "--full"]);
    let text = format!("exit {}\n--- stdout\n{}--- stderr\n{}", answer.code, answer.out, answer.err);
    insta::assert_snapshot!("validate-storage", text);
}
