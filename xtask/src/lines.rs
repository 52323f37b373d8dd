//! Source files that have grown beyond one concept.

use crate::fault::Fault;
use crate::tree;

/// Above this many lines a file usually holds more than one concept.
const MOST: usize = 500;

/// Lists them, longest first; never fails on their account.
pub fn run() -> Result<(), Fault> {
    let root = tree::root()?;
    let mut long = Vec::new();
    let files = tree::files(&root, &["rs"])?;
    for path in &files {
        let lines = tree::read(path)?.lines().count();
        if lines > MOST {
            long.push((lines, path.strip_prefix(&root).unwrap_or(path).display().to_string()));
        }
    }
    long.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (lines, path) in &long {
        println!("{lines:>6}  {path}");
    }
    println!("{} of {} files have more than {MOST} lines", long.len(), files.len());
    Ok(())
}
