//! Tables read back to what went in; pictures show each cell once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use gigatwin_output::{Heatmap, Stamp, Table, TableError};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use proptest::prelude::*;

fn stamp() -> Stamp {
    Stamp { version: "0.1.0".to_owned(), seed: 7, inputs_sha256: "4f1c2a9b77".to_owned() }
}

#[test]
fn parquet_keeps_values_nulls_units_and_stamp() {
    let table = Table::new().text("id", ["a", "b"]).number("power_mw", "MW", [Some(1.25), None]).integer(
        "hops",
        "",
        [3, -4],
    );
    let bytes = table.parquet(&stamp()).unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let keys = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| keys.iter().find(|k| k.key == key).and_then(|k| k.value.clone());
    assert_eq!(value("gigatwin.seed").as_deref(), Some("7"));
    assert_eq!(value("unit.power_mw").as_deref(), Some("MW"));
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!((rows[0].get_string(0).unwrap().as_str(), rows[0].get_double(1).unwrap()), ("a", 1.25));
    assert!(rows[1].get_double(1).is_err(), "absent is null");
    assert_eq!(rows[1].get_long(2).unwrap(), -4);
}

#[test]
fn csv_says_nothing_for_what_is_not_known() {
    let table = Table::new().text("id", ["a,b"]).number("x", "", [f64::NAN]).integer("n", "", [1]);
    assert_eq!(String::from_utf8(table.csv().unwrap()).unwrap(), "id,x,n\n\"a,b\",,1\n");
}

#[test]
fn uneven_or_twice_named_columns_are_refused() {
    let uneven = Table::new().text("a", ["x"]).number("b", "", [1.0, 2.0]);
    assert!(matches!(uneven.csv(), Err(TableError::Length { found: 2, expected: 1, .. })));
    let twice = Table::new().text("a", ["x"]).text("a", ["y"]);
    assert!(matches!(twice.parquet(&stamp()), Err(TableError::Name(name)) if name == "a"));
}

fn map(columns: usize, values: Vec<Option<f64>>) -> Heatmap {
    Heatmap {
        title: "Load of <links>".to_owned(),
        foot: stamp().line(),
        unit: "%".to_owned(),
        columns,
        values,
        row_labels: vec![(0, "leaf".to_owned())],
        column_labels: vec![(0, "0".to_owned())],
        range: None,
    }
}

#[test]
fn the_terminal_shows_shades_and_gaps() {
    let m = map(3, vec![Some(0.0), Some(0.5), Some(1.0), None, Some(1.0), Some(0.0)]);
    assert_eq!(m.terminal(80, 24, false), " ▒█\n·█ \n");
}

#[test]
fn an_empty_picture_is_still_a_picture() {
    assert!(map(0, Vec::new()).svg().ends_with("</svg>\n"));
    assert_eq!(map(0, Vec::new()).terminal(80, 24, true), "");
}

proptest! {
    #[test]
    fn rectangles_cover_exactly_the_known_cells(values in proptest::collection::vec(proptest::option::of(-50.0..50.0f64), 12)) {
        let m = map(4, values.clone());
        let svg = m.svg();
        prop_assert!(svg.contains("Load of &lt;links&gt;"));
        let w = (960.0 - 110.0 - 20.0) / 4.0;
        let covered: f64 = svg
            .split("<path").skip(1)
            .flat_map(|p| p.split('h').skip(1).filter_map(|t| t.split('v').next().and_then(|n| n.parse::<f64>().ok())).collect::<Vec<_>>())
            .sum();
        let known = values.iter().flatten().count() as f64;
        prop_assert!((covered - known * w).abs() < 0.1, "{} against {}", covered, known * w);
    }
}
