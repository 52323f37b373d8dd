//! Any bytes as a factory file: answered with a factory or with coded findings that have a place and a hint, and the same
//! ones each time. A zero byte divides the input into a file and the one it may extend.
#![no_main]

use std::sync::LazyLock;

use gigatwin_catalog::Catalog;
use gigatwin_factory::diagnostic::{CODES, Severity};
use gigatwin_factory::load;
use libfuzzer_sys::fuzz_target;

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |b| *b == 0);
    let file = parts.next().unwrap_or_default().to_vec();
    let below = parts.next().map(<[u8]>::to_vec);
    let loader = |_: &str, target: &str| match (target, &below) {
        ("site.toml", _) => Ok(("site.toml".to_owned(), file.clone())),
        (_, Some(below)) => Ok(("below.toml".to_owned(), below.clone())),
        (_, None) => Err("there is no such file".to_owned()),
    };
    let loaded = load("site.toml", file.clone(), &loader, &CATALOG);
    for finding in &loaded.diagnostics {
        assert!(CODES.iter().any(|(code, _)| *code == finding.code), "{} is not in the list", finding.code);
        assert!(!finding.hint.is_empty() && !finding.message.is_empty(), "{finding:?}");
        assert!(finding.span.start <= finding.span.end, "{finding:?}");
        let length = loaded.sources.text(finding.span.file).len();
        // Only a file too large to be kept has places beyond the text shown.
        assert!(finding.span.end as usize <= length + 1 || length == 0, "{finding:?} of {length}");
        let (line, column) = loaded.sources.line_column(finding.span);
        assert!(line >= 1 && column >= 1);
    }
    let failed = loaded.diagnostics.iter().any(|d| d.severity == Severity::Error);
    assert_eq!(loaded.factory.is_none(), failed, "no factory without a reason, and none with an error");
});
