//! `fabric`: exit codes and the shape of what machines read.

use super::{folder, gigatwin, with_site};

#[test]
fn a_network_by_options_is_sized_and_ranged() {
    let f = folder("fabric-size");
    let args = ["fabric", "size", "--endpoints", "4096", "--switch", "quantum-2", "--json"];
    let out = gigatwin(&f, &args).exits(0).json();
    let fabric = &out["fabrics"][0];
    assert_eq!((&fabric["leaf"], &fabric["spine"], &fabric["core"]), (&128.into(), &128.into(), &64.into()));
    let of = |key: &str| fabric["price"][key].as_f64().expect("a number");
    assert!(of("low") < of("value") && of("value") < of("high"));
}

#[test]
fn a_radix_that_is_too_small_is_a_no_with_the_cure() {
    let f = folder("fabric-radix");
    let a = gigatwin(&f, &["fabric", "size", "--endpoints", "16384", "--radix", "8"]).exits(1);
    assert!(a.out.contains("ports per switch would do"), "{}", a.out);
    let a = gigatwin(&f, &["fabric", "size", "--endpoints", "16384", "--radix", "2"]).exits(2);
    assert!(a.err.contains("G505"), "{}", a.err);
}

#[test]
fn links_of_no_bandwidth_and_disconnected_rails_are_told() {
    let f = folder("fabric-cut");
    let base = ["fabric", "collective", "--accelerator", "h100-sxm", "--ranks", "16"];
    for (more, word) in
        [(&["--nic", "0"][..], "no bandwidth"), (&["--domain", "1", "--rail-only"], "disconnected")]
    {
        let args: Vec<&str> = base.iter().chain(more).copied().collect();
        let a = gigatwin(&f, &args).exits(2);
        assert!(a.err.contains("G501") && a.err.contains(word), "{}", a.err);
    }
}

#[test]
fn every_form_takes_a_factory_file() {
    let f = with_site("fabric-file");
    for verb in ["size", "collective", "storage", "reliability"] {
        let out = gigatwin(&f, &["fabric", verb, "site.toml", "--json"]).exits(0).json();
        assert_eq!(out["status"], "ok", "{verb}");
        assert_eq!(out["gigatwin"]["inputs_sha256"].as_str().map(str::len), Some(64), "{verb}");
    }
}
