//! Broken factory files: each is answered with coded findings in their places, and never with a panic.
//!
//! The corpus lies in `tests/broken/`. The first line of a file says what must be found, as `# expect: G205 at 11`, with
//! the one-based line and, where the fault stands in a file below, that file's name: `G205 at base.toml:11`. The errors
//! found must be these and no others: one fault, one finding.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::diagnostic::{CODES, COMMAND_CODES, Severity};
use gigatwin_factory::language::{FACTORY_FILE, Table, Takes};
use gigatwin_factory::{Loaded, load};

/// A finding: code, file, line.
type Place = (String, String, usize);

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/diagnostics")
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

fn corpus() -> Vec<PathBuf> {
    let broken = tests().join("broken");
    let mut files = toml_files(&broken);
    files.extend(toml_files(&broken.join("extends")));
    files
}

/// The embedded catalog with the faulty entries of `tests/broken/catalog` on top.
fn catalog() -> Catalog {
    let mut catalog = Catalog::embedded();
    for kind in Kind::ALL {
        let folder = tests().join("broken/catalog").join(kind.folder());
        if folder.is_dir() {
            for file in toml_files(&folder) {
                let id = file.file_stem().unwrap().to_string_lossy().into_owned();
                catalog.overlay(kind, &id, fs::read_to_string(&file).unwrap());
            }
        }
    }
    catalog
}

fn load_in(folder: &Path, name: &str, bytes: Vec<u8>, catalog: &Catalog) -> Loaded {
    let own = bytes.clone();
    let loader = |_: &str, target: &str| match fs::read(folder.join(target)) {
        _ if target == name => Ok((target.to_owned(), own.clone())),
        Ok(bytes) if !target.is_empty() => Ok((target.to_owned(), bytes)),
        Ok(_) => Err("no file is named".to_owned()),
        Err(e) => Err(e.to_string()),
    };
    load(name, bytes, &loader, catalog)
}

fn errors(loaded: &Loaded) -> Vec<Place> {
    let mut found: Vec<Place> = loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| {
            let line = loaded.sources.line_column(d.span).0;
            (d.code.to_owned(), loaded.sources.name(d.span.file).to_owned(), line)
        })
        .collect();
    found.sort();
    found
}

/// What the first line of a file announces.
fn expected(name: &str, text: &str) -> Vec<Place> {
    let first = text.lines().next().unwrap();
    let list = first.strip_prefix("# expect: ").unwrap_or_else(|| panic!("{name} has no expectation"));
    let mut places: Vec<Place> = list
        .split(", ")
        .filter(|item| *item != "none")
        .map(|item| {
            let (code, place) = item.split_once(" at ").unwrap();
            let (file, line) = place.split_once(':').unwrap_or((name, place));
            (code.to_owned(), file.to_owned(), line.parse().unwrap())
        })
        .collect();
    places.sort();
    places
}

fn listing(loaded: &Loaded) -> String {
    let lines = loaded.diagnostics.iter().map(|d| {
        let (line, column) = loaded.sources.line_column(d.span);
        let file = loaded.sources.name(d.span.file);
        format!("    {} {file}:{line}:{column} {} ({})", d.code, d.message, d.hint)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn broken_files_are_answered_with_their_codes_in_their_places() {
    let catalog = catalog();
    let mut faults = Vec::new();
    let files = corpus();
    assert!(files.len() >= 75, "the corpus has {} files", files.len());
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let wanted = expected(&name, &text);
        let folder = path.parent().unwrap();
        let Ok(loaded) =
            catch_unwind(AssertUnwindSafe(|| load_in(folder, &name, text.into_bytes(), &catalog)))
        else {
            faults.push(format!("{name}: panic"));
            continue;
        };
        if errors(&loaded) != wanted {
            faults.push(format!("{name}: wanted {wanted:?}, found\n{}", listing(&loaded)));
        }
        if loaded.diagnostics.iter().any(|d| d.hint.trim().is_empty() || d.message.trim().is_empty()) {
            faults.push(format!("{name}: a finding without message or hint\n{}", listing(&loaded)));
        }
        if loaded.factory.is_some() != wanted.is_empty() {
            faults.push(format!("{name}: a factory was {}made", if wanted.is_empty() { "not " } else { "" }));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn unknown_words_are_answered_with_the_nearest_one() {
    let catalog = catalog();
    for (file, near) in [
        ("unknown-key-near", "\"power\""),
        ("unknown-key-inline", "\"flexible\""),
        ("unknown-table-near", "\"cooling\""),
        ("word-near", "\"hour purchase\""),
        ("word-case", "\"N+1\""),
        ("unit-unknown-near", "\"MW\""),
        ("catalog-system-near", "\"gb300-nvl72\""),
        ("catalog-place", "\"stuttgart\""),
        ("catalog-model", "\"moe-2t\""),
        ("name-fabric", "\"rail\""),
        ("name-train-on", "\"main\""),
    ] {
        let folder = tests().join("broken");
        let bytes = fs::read(folder.join(format!("{file}.toml"))).unwrap();
        let loaded = load_in(&folder, file, bytes, &catalog);
        assert!(
            loaded.diagnostics.iter().any(|d| d.hint.contains(near)),
            "{file}: no hint {near}\n{}",
            listing(&loaded)
        );
    }
}

#[test]
fn valid_files_are_accepted_with_byte_order_mark_and_with_either_line_end() {
    let folder = tests().join("valid");
    for path in toml_files(&folder) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for variant in [text.clone(), format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
            let loaded = load_in(&folder, &name, variant.into_bytes(), &Catalog::embedded());
            assert!(loaded.factory.is_some(), "{name}\n{}", listing(&loaded));
        }
    }
}

#[test]
fn a_byte_order_mark_does_not_shift_places() {
    let path = tests().join("broken/dimension-energy-for-power.toml");
    let text = fs::read_to_string(&path).unwrap();
    let plain = load_in(&tests(), "a", text.clone().into_bytes(), &Catalog::embedded());
    for variant in [format!("\u{feff}{text}"), text.replace('\n', "\r\n")] {
        let loaded = load_in(&tests(), "a", variant.into_bytes(), &Catalog::embedded());
        let place = |l: &Loaded| l.sources.line_column(l.diagnostics.first().unwrap().span);
        assert_eq!(place(&plain), place(&loaded));
    }
}

/// Faults that cannot sensibly be stored: code, what it is, bytes.
fn generated() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let minimal = fs::read_to_string(tests().join("valid/minimal.toml")).unwrap();
    let with = |line: &str| format!("{minimal}\n{line}\n").into_bytes();
    let deep = 10_000;
    vec![
        ("G001", "a byte of another encoding", [minimal.as_bytes(), b"# K\xfcche\n"].concat()),
        ("G001", "no text at all", vec![0xff; 1000]),
        (
            "G001",
            "text in 16-bit units",
            minimal.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0xd8]).collect(),
        ),
        ("G002", "ten megabytes of comment", [minimal.as_bytes(), &vec![b'#'; 10_000_000]].concat()),
        ("G002", "ten megabytes of nothing", vec![0; 10_000_000]),
        ("G003", "zero bytes", [minimal.as_bytes(), &[0; 16]].concat()),
        ("G003", "a zero byte in a text", with("[power]\nredundancy = \"N\0\"")),
        ("G003", "deep lists", with(&format!("x = {}{}", "[".repeat(deep), "]".repeat(deep)))),
        ("G003", "deep lists, never closed", with(&format!("x = {}", "[".repeat(deep)))),
        ("G003", "deep tables", with(&format!("x = {}1{}", "{ a = ".repeat(deep), " }".repeat(deep)))),
        ("G003", "deep tables of lists", with(&format!("x = {}", "[{ a = ".repeat(deep)))),
        ("G003", "a deep header", with(&format!("[{}]", vec!["a"; deep].join(".")))),
        ("G003", "a deep list header", with(&format!("[[{}]]", vec!["a"; deep].join(".")))),
        ("G003", "a deep key", with(&format!("{} = 1", vec!["a"; deep].join(".")))),
        (
            "G003",
            "a deep key behind a quoted one",
            with(&format!("\"\\\"\".{} = 1", vec!["a"; deep].join("."))),
        ),
        ("G003", "deep lists behind a quote", with(&format!("x = [\"\\\"\", {}", "[".repeat(deep)))),
        (
            "G003",
            "deep lists behind a long text",
            with(&format!("x = [\"\"\"\n\"\"\"\"\", {}", "[".repeat(deep))),
        ),
        (
            "G003",
            "keys and tables that are deep together",
            with(&format!("{}1", "a.a.a.a.a.a.a.a = { ".repeat(79))),
        ),
        ("G003", "a million brackets", vec![b'['; 999_999]),
        ("G003", "a million quotes", vec![b'"'; 999_999]),
        ("G007", "an empty file", Vec::new()),
    ]
}

#[test]
fn hostile_bytes_are_answered_too() {
    for (code, what, bytes) in generated() {
        let loaded = load_in(&tests(), "hostile.toml", bytes, &Catalog::embedded());
        assert!(loaded.factory.is_none(), "{what}");
        let codes: BTreeSet<&str> = loaded.diagnostics.iter().map(|d| d.code).collect();
        assert!(codes.contains(code), "{what}: {codes:?}");
        assert!(loaded.diagnostics.iter().all(|d| !d.hint.is_empty()), "{what}");
        // Nobody reads more than a screen of findings about one broken bracket.
        assert!(loaded.diagnostics.len() < 100, "{what}: {} findings", loaded.diagnostics.len());
    }
}

#[test]
fn every_code_occurs_in_the_corpus() {
    let mut seen: BTreeSet<String> = generated().iter().map(|g| g.0.to_owned()).collect();
    for path in corpus() {
        let text = fs::read_to_string(&path).unwrap();
        seen.extend(expected("", &text).into_iter().map(|p| p.0));
    }
    for (code, meaning) in CODES {
        assert!(seen.contains(*code), "no broken file for {code}: {meaning}");
    }
}

/// Found by fuzzing: what speaks of a file is not a code of commands.
#[test]
fn every_code_of_the_corpus_is_one_of_files() {
    for path in corpus() {
        for (code, ..) in expected("", &fs::read_to_string(&path).unwrap()) {
            assert!(CODES.iter().any(|c| c.0 == code), "{code} of {} is not in the list", path.display());
        }
    }
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let index = fs::read_to_string(pages().join("README.md")).unwrap();
    for (code, meaning) in CODES.iter().chain(COMMAND_CODES) {
        let page = fs::read_to_string(pages().join(format!("{code}.md"))).unwrap_or_default();
        assert!(page.starts_with(&format!("# {code}: {meaning}\n")), "{code}: no page, or another title");
        assert!(index.contains(&format!("[{code}]({code}.md) | {meaning} |")), "{code} is not in the index");
    }
    for entry in fs::read_dir(pages()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let known = name == "README.md"
            || CODES.iter().chain(COMMAND_CODES).any(|(code, _)| name == format!("{code}.md"));
        assert!(known, "{name} is a page of no code");
    }
}

/// The examples of a page: the first triggers the code, the second is its repair.
fn examples(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("```toml\n") {
        let (block, next) = after.split_once("```").unwrap();
        blocks.push(block.to_owned());
        rest = next;
    }
    blocks
}

#[test]
fn examples_of_the_pages_do_what_the_pages_say() {
    let folder = tests().join("valid");
    for (code, _) in CODES {
        let page = fs::read_to_string(pages().join(format!("{code}.md"))).unwrap_or_default();
        let blocks = examples(&page);
        // These are about bytes or about files of the catalog.
        if ["G001", "G002", "G304", "G305"].contains(code) {
            assert!(blocks.is_empty(), "{code}: a text block serves here");
            continue;
        }
        let [broken, repaired] = blocks.as_slice() else {
            panic!("{code}: wants a broken and a repaired example")
        };
        let whole = |block: &str| {
            // An example is laid on the smallest file, unless it says itself what it is laid on.
            let mut head = String::new();
            if !block.contains("format") && *code != "G007" {
                head.push_str("format = 1\n");
            }
            if !block.contains("extends") {
                head.push_str("extends = \"minimal.toml\"\n");
            }
            head + block
        };
        let loaded = load_in(&folder, "site.toml", whole(broken).into_bytes(), &Catalog::embedded());
        let codes: BTreeSet<String> = errors(&loaded).into_iter().map(|e| e.0).collect();
        assert_eq!(
            codes,
            BTreeSet::from([(*code).to_owned()]),
            "{code}: the broken example\n{}",
            listing(&loaded)
        );
        let loaded = load_in(&folder, "site.toml", whole(repaired).into_bytes(), &Catalog::embedded());
        assert!(loaded.factory.is_some(), "{code}: the repaired example\n{}", listing(&loaded));
    }
}

#[test]
fn the_full_file_uses_every_key() {
    let text = fs::read_to_string(tests().join("valid/full.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let mut missing = Vec::new();
    unused(&FACTORY_FILE, &[&file], "", &mut missing);
    assert!(missing.is_empty(), "not used: {missing:?}");
}

fn unused(table: &'static Table, given: &[&toml::Table], path: &str, missing: &mut Vec<String>) {
    for field in table.fields {
        let values: Vec<&toml::Value> = given.iter().filter_map(|t| t.get(field.key)).collect();
        let path = format!("{path}.{}", field.key);
        if values.is_empty() {
            missing.push(path);
            continue;
        }
        let lists = || values.iter().filter_map(|v| v.as_array()).flatten().filter_map(toml::Value::as_table);
        let tables = || values.iter().filter_map(|v| v.as_table());
        match field.takes {
            Takes::Table(inner) => unused(inner, &tables().collect::<Vec<_>>(), &path, missing),
            Takes::Tables(inner) => unused(inner, &lists().collect::<Vec<_>>(), &path, missing),
            Takes::Named(inner) => {
                let named = tables().flat_map(|t| t.values()).filter_map(toml::Value::as_table);
                unused(inner, &named.collect::<Vec<_>>(), &path, missing);
            }
            _ => {}
        }
    }
}
