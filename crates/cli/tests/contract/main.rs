//! Drives the binary: exit codes, streams and the contracts that scripts depend on. Nothing here knows a figure.

// A helper outside a test function is still part of a test.
#![allow(clippy::expect_used, clippy::panic)]

mod book;
mod catalog;
mod energy;
mod fabric;
mod fabric_flow;
mod fabric_pages;
mod faults;
mod finance;
mod from_slurm;
mod machine;
mod manifests;
mod operate;
mod outcome;
mod pages;
mod programme;
mod replay;
mod serving;
mod serving_pages;
mod serving_run;
mod shifting;
mod start;
mod training;
mod training_pages;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a call left behind.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e} in\n{}\n{}", self.out, self.err))
    }

    #[track_caller]
    fn exits(self, code: i32) -> Answer {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

impl From<Output> for Answer {
    fn from(o: Output) -> Answer {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Answer { code: o.status.code().unwrap_or(-1), out: text(&o.stdout), err: text(&o.stderr) }
    }
}

/// The binary in a folder, without whatever the caller's environment says.
fn command(folder: &Path) -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_gigatwin"));
    c.current_dir(folder)
        .env_remove("GIGATWIN_LANG")
        .env_remove("GIGATWIN_CATALOG")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    c
}

fn gigatwin(folder: &Path, args: &[&str]) -> Answer {
    command(folder).args(args).output().expect("the binary starts").into()
}

/// An empty folder of one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("folder");
    path
}

/// A folder with a starting file in it.
fn with_site(name: &str) -> PathBuf {
    let path = folder(name);
    gigatwin(&path, &["new", "site.toml"]).exits(0);
    path
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), bytes).expect("file");
}
