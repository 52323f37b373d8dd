//! The READMEs' and the book's examples are what the command prints today.
//!
//! Every fenced block of a call `$ gigatwin …` and what it printed is run and compared. A line `…` in a block stands for lines left out;
//! `[exit code N]` at the end says how the call ended. A comment above the fence prepares a file for it:
//!
//! - `<!-- with small.toml: examples/gigafactory.toml | firm = "185 MW" => firm = "150 MW" -->` writes a copy with a change
//!   (one such line per change);
//! - `<!-- not run: why -->` leaves the block out.
//!
//! `GIGATWIN_UPDATE_BOOK=1 cargo test -p gigatwin --test contract book` writes what is stale anew, to be read in the diff.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::{folder, gigatwin};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A fenced example: the lines between the fences, and the directives right above them.
struct Example {
    first: usize,
    lines: Vec<String>,
    directives: Vec<String>,
}

fn examples(text: &str) -> Vec<Example> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if lines[at].trim_start() == "```text"
            && lines.get(at + 1).is_some_and(|l| l.starts_with("$ gigatwin"))
        {
            let end = (at + 1..lines.len()).find(|&i| lines[i] == "```").expect("the fence is closed");
            let directives = lines[..at].iter().rev().take_while(|l| l.starts_with("<!--"));
            let directives =
                directives.map(|l| l.trim_start_matches("<!--").trim_end_matches("-->").trim().to_owned());
            let directives: Vec<String> = directives.collect::<Vec<_>>().into_iter().rev().collect();
            let body: Vec<String> = lines[at + 1..end].iter().map(|&l| l.to_owned()).collect();
            if body.get(1).is_some_and(|l| !l.starts_with("$ ")) {
                found.push(Example { first: at + 1, lines: body, directives });
            }
            at = end;
        }
        at += 1;
    }
    found
}

/// Writes the files an example asks for into `place`, which holds the project's folders.
fn prepare(place: &Path, directives: &[String]) {
    for directive in directives {
        let Some(rest) = directive.strip_prefix("with ") else { continue };
        let (name, rest) = rest.split_once(": ").expect("with NAME: BASE | OLD => NEW");
        let (base, change) = rest.split_once(" | ").expect("with NAME: BASE | OLD => NEW");
        let (old, new) = change.split_once(" => ").expect("with NAME: BASE | OLD => NEW");
        let target = place.join(name);
        // A second change of the same file works on the first one's result.
        let source = if target.exists() { target.clone() } else { place.join(base) };
        let text = std::fs::read_to_string(source).expect("the base file");
        assert!(text.contains(old), "{base} has no {old:?}");
        std::fs::write(target, text.replacen(old, &new.replace("\\n", "\n"), 1)).expect("the example's file");
    }
}

/// What the call of an example prints, with the code where it is not 0.
fn printed(place: &Path, call: &str) -> Vec<String> {
    let words = shell_words(call.trim_start_matches("$ gigatwin"));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer = gigatwin(place, &words);
    let text = format!("{}{}", answer.out, answer.err);
    let mut lines: Vec<String> = text.lines().map(|l| l.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if answer.code != 0 {
        lines.push(format!("[exit code {}]", answer.code));
    }
    lines
}

fn shell_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.trim().chars() {
        match c {
            '\'' | '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// A line without what a change of an engine moves: figures, signs, runs of blanks.
fn shape(line: &str) -> String {
    let kept = line.chars().filter(|c| c.is_alphabetic() || "=│{\"_".contains(*c));
    kept.collect()
}

/// The example's lines with today's output in the place of the old; lines left out stay left out.
fn renewed(example: &[String], printed: &[String]) -> Vec<String> {
    let is_gap = |l: &String| l.trim() == "…";
    let body = &example[1..];
    if !body.iter().any(is_gap) {
        return [&example[..1], printed].concat();
    }
    let mut lines = vec![example[0].clone()];
    let mut at = 0;
    for (i, segment) in body.split(is_gap).enumerate() {
        if i > 0 {
            let gap = body.iter().filter(|l| is_gap(l)).nth(i - 1).expect("a gap before each later segment");
            lines.push(gap.clone());
        }
        let Some(head) = segment.first() else { continue };
        let found = printed[at..].iter().position(|l| l == head);
        let found = found.or_else(|| printed[at..].iter().position(|l| shape(l) == shape(head)));
        let Some(found) = found else {
            lines.push(format!("<no line like {head:?}>"));
            continue;
        };
        let from = at + found;
        at = (from + segment.len()).min(printed.len());
        lines.extend_from_slice(&printed[from..at]);
    }
    lines
}

fn pages() -> Vec<PathBuf> {
    let root = repository();
    let mut found = vec![root.join("README.md"), root.join("README.fr.md")];
    let mut folders = vec![root.join("docs/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the book") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn book() {
    let update = std::env::var_os("GIGATWIN_UPDATE_BOOK").is_some();
    let (mut run, mut stale) = (0, String::new());
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut changed = false;
        for example in examples(&text).into_iter().rev() {
            if example.directives.iter().any(|d| d.starts_with("not run: ")) {
                continue;
            }
            let place = folder("book");
            copy(&repository().join("examples"), &place);
            prepare(&place, &example.directives);
            let new = renewed(&example.lines, &printed(&place, &example.lines[0]));
            run += 1;
            if new != example.lines {
                let name = page.strip_prefix(repository()).unwrap_or(&page).display();
                let at = new.iter().zip(&example.lines).take_while(|(a, b)| a == b).count();
                let line = |l: Option<&String>| l.map_or("(nothing)", String::as_str).to_owned();
                let (old, new_line) = (line(example.lines.get(at)), line(new.get(at)));
                let _ = writeln!(
                    stale,
                    "{name}:{}: {}\n  - {old}\n  + {new_line}",
                    example.first + 1 + at,
                    example.lines[0]
                );
                lines.splice(example.first..example.first + example.lines.len(), new);
                changed = true;
            }
        }
        if update && changed {
            let written = page.with_extension("md.new");
            std::fs::write(&written, lines.join("\n") + "\n").expect("the page");
            std::fs::rename(&written, &page).expect("the page");
        }
    }
    assert!(run > 10, "only {run} examples were found");
    assert!(stale.is_empty() || update, "stale; GIGATWIN_UPDATE_BOOK=1 writes them anew\n{stale}");
}

fn copy(from: &Path, into: &Path) {
    std::fs::create_dir_all(into).expect("folder");
    let target = into.join(from.file_name().expect("a name"));
    if from.is_dir() {
        for entry in std::fs::read_dir(from).expect("folder") {
            copy(&entry.expect("an entry").path(), &target);
        }
    } else {
        std::fs::copy(from, target).expect("a copy");
    }
}
