//! What the spread of a job costs in speed: the table that operations gets from the fabric and training rooms.

#![allow(clippy::unwrap_used, clippy::panic)] // a test

use gigatwin_catalog::Catalog;
use gigatwin_factory::{Factory, SitePlacement, load, placement_sizes, site_operations, site_placement};
use gigatwin_operations::Span;

fn factory(system: &str, accelerators: u32, oversubscription: &str, train: &str) -> Factory {
    let text = format!(
        "format = 1\n[factory]\nname = \"x\"\ncountry = \"DE\"\n[site]\nplace = \"frankfurt\"\ngrid = {{ firm = \"500 MW\" }}\n\
         [[partition]]\nname = \"p\"\nsystem = \"{system}\"\naccelerators = {accelerators}\nfabric = \"f\"\n\
         [fabric.f]\nkind = \"fat tree\"\nswitch = \"quantum-2\"\n{oversubscription}\n{train}"
    );
    let none = |_: &str, _: &str| Err("no file".to_owned());
    let loaded = load("x.toml", text.into_bytes(), &none, &Catalog::embedded());
    loaded.factory.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn study(f: &Factory, sizes: &[u32]) -> SitePlacement {
    let layout = site_operations(f).unwrap().layout;
    site_placement(f, &Catalog::embedded(), &layout, sizes).unwrap()
}

#[test]
fn a_gang_torn_out_of_its_nvlink_domain_is_slower() {
    let f = factory("gb200-nvl72", 11_520, "", "");
    let p = study(&f, &[32, 128]);
    let speed = |nodes, leaves, blocks| p.table.of(nodes, Span { leaves, blocks });
    // 128 nodes of four in eight racks, or one by one in 128: the replicas' gradients then leave every node by its own NICs.
    assert!(speed(128, 8, 1) > 0.98, "{}", speed(128, 8, 1));
    assert!(speed(128, 128, 16) < 0.8, "{}", speed(128, 128, 16));
    assert!(speed(32, 32, 4) < speed(32, 2, 1));
    // Each speed is the ratio of the steps it stands beside, and the best of a size is one.
    for nodes in [32, 128] {
        let of_size: Vec<_> = p.cases.iter().filter(|c| c.nodes == nodes).collect();
        let best = of_size.iter().map(|c| c.step.s()).fold(f64::INFINITY, f64::min);
        assert!(of_size.iter().all(|c| (c.speed - best / c.step.s()).abs() < 1e-12 && c.contention >= 1.0));
    }
}

#[test]
fn servers_behind_a_full_fat_tree_lose_nothing_and_behind_a_thin_one_they_do() {
    let expert = "[[train]]\nname = \"experts\"\nmodel = \"deepseek-v3\"\non = \"p\"\nshare = \"12.5 %\"\n";
    let [full, thin] = ["", "oversubscription = { leaf = 4.0, spine = 4.0 }"].map(|taper| {
        let f = factory("dgx-h100", 4_096, taper, expert);
        study(&f, &[64])
    });
    let worst = |p: &SitePlacement| p.cases.iter().map(|c| c.speed).fold(1.0, f64::min);
    let contention = |p: &SitePlacement| p.cases.iter().map(|c| c.contention).fold(1.0, f64::max);
    assert!(worst(&full) > 0.97 && contention(&full) < 1.05, "{} {}", worst(&full), contention(&full));
    // Rings in the order of nodes cross the thin tiers at few places, so 16 to 1 is felt far less than that.
    assert!(contention(&thin) > 1.1, "{}", contention(&thin));
    assert!(worst(&thin) < worst(&full), "{} {}", worst(&thin), worst(&full));
}

#[test]
fn a_site_is_worked_out_only_for_sizes_it_meets_and_the_same_way_each_time() {
    let f = factory("dgx-h100", 4_096, "", "");
    let layout = site_operations(&f).unwrap().layout;
    assert_eq!(placement_sizes(&layout, [1, 1, 3, 4, 40, 300, 512].into_iter()), [4, 64, 512]);
    assert!(study(&f, &[]).cases.is_empty());
    let (a, b) = (study(&f, &[8, 64]), study(&f, &[8, 64]));
    assert_eq!(a.table, b.table);
    assert!(!a.table.rows().is_empty());
}
