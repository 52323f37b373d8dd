//! The generated bids can be read, and are the same for the same seed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use gigatwin_catalog::Catalog;
use gigatwin_study::bid::{Origin, is_bid, load_bid};
use gigatwin_study::synthetic::{EXPRESSIONS, generate};

#[test]
fn seventy_six_bids_from_sixteen_states_can_be_read() {
    let files: BTreeMap<String, String> = generate(EXPRESSIONS, 1).into_iter().collect();
    let catalog = Catalog::embedded();
    let loader = |_: &str, name: &str| {
        files.get(name).map(|t| (name.to_owned(), t.clone().into_bytes())).ok_or("not there".to_owned())
    };
    let mut states = BTreeSet::new();
    let mut bids = 0;
    for (name, text) in files.iter().filter(|(_, t)| is_bid(t)) {
        let loaded = load_bid(name, text.clone().into_bytes(), &loader, &catalog, 2026);
        assert!(
            !loaded.failed(),
            "{name}: {:?}\n{}",
            loaded.parts.iter().map(|p| &p.1).collect::<Vec<_>>(),
            files[&name.replace(".toml", ".site.toml")]
        );
        let bid = loaded.bid.unwrap();
        assert_eq!(bid.origin, Origin::Synthetic);
        assert!(bid.factory.is_some());
        states.insert(bid.state);
        bids += 1;
    }
    assert_eq!((bids, states.len()), (76, 16));
}

#[test]
fn a_seed_is_one_set() {
    assert_eq!(generate(20, 5), generate(20, 5));
    assert_ne!(generate(20, 5), generate(20, 6));
}
