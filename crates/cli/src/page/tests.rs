use super::render;
use crate::args::Language;
use crate::fixture::outcome;
use crate::layout::{PAGE, width};
use crate::messages::Messages;

#[test]
fn every_language_keeps_to_eighty_columns() {
    for language in [Language::En, Language::Fr, Language::De] {
        let text = render(&outcome(), &Messages::of(language), &[], false);
        for line in text.lines() {
            assert!(width(line) <= PAGE, "{} columns: {line}", width(line));
        }
        assert!(!text.contains('{'), "a placeholder is left in\n{text}");
        assert!(!text.contains('\u{1b}'), "colour where none is taken");
    }
}

#[test]
fn says_what_binds_and_what_is_not_known() {
    let text = render(&outcome(), &Messages::of(Language::En), &[], false);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "100,080 accelerators (253,000 H100e) in 1,390 racks",
        "SHORT by 14.0 MW",
        "93.0 days [74.4–116]",
        "EUR 6.30 bn [5.04–7.88]",
        "0 pass · 0 unknown · 1 fail",
        "FAIL tender-2026-lot-2.it-load",
        "memory short by 12 GB",
        "1 catalog.systems.gb300-nvl72.price EUR 3.10–4.40 m",
        "41 of 180 inputs at their default",
        "site.wue",
        "not validated",
        "TP 8, PP 4, EP 16, DP 139",
        "DE 63.0 M h",
    ] {
        assert!(flat.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn the_sign_goes_where_measurements_stand_behind_a_figure() {
    let text = render(&outcome(), &Messages::of(Language::En), &["training"], false);
    assert!(text.contains("40.0 % [32.0–50.0]✓ MFU"), "{text}");
    assert!(text.contains("93.0 days [74.4–116] "), "{text}");
    assert!(text.contains("EUR 2.31/h [1.85–2.89] "), "{text}");
}

#[test]
fn without_draws_there_are_no_bands() {
    let mut o = outcome();
    o.draws = 0;
    o.metrics.iter_mut().for_each(|m| m.band = None);
    let text = render(&o, &Messages::of(Language::En), &[], false);
    assert!(!text.contains('[') && !text.contains('*') && text.contains("--draws"), "{text}");
}

#[test]
fn an_outcome_without_figures_is_still_a_page() {
    let mut o = outcome();
    o.metrics.clear();
    o.gates.clear();
    let text = render(&o, &Messages::of(Language::De), &[], false);
    assert!(text.contains("kein Regelwerk"), "{text}");
}
