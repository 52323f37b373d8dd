//! The shipped catalog is whole and true to its format.

use gigatwin_catalog::{Catalog, CatalogError, Kind};

#[test]
fn every_file_passes_the_check() {
    let faults = Catalog::embedded().check();
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn a_misspelt_id_is_answered_with_the_nearest() {
    let error = Catalog::embedded().entry(Kind::Accelerators, "h100-smx").unwrap_err();
    assert!(matches!(error, CatalogError::Unknown { nearest: Some(n), .. } if n == "h100-sxm"));
}

#[test]
fn a_user_file_replaces_the_embedded_one() {
    let mut catalog = Catalog::embedded();
    let text = "name = \"mine\"\n[provenance]\nsource = \"s\"\ndate = \"2026\"\nconfidence = \"assumed\"\n[figures]\nmemory = \"1 GB\"\n";
    catalog.overlay(Kind::Accelerators, "h100-sxm", text.to_owned());
    assert_eq!(catalog.entry(Kind::Accelerators, "h100-sxm").unwrap().name, "mine");
}
