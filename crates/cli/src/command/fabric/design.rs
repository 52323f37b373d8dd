//! A network described by options: parts of the catalog, floor of the defaults.

use gigatwin_catalog::{Catalog, CatalogError, Entry, Kind};
use gigatwin_fabric::{
    CableSpec, FabricDesign, FloorPlan, OpticSpec, SizingError, Structure, SwitchSpec, design_faults,
};
use gigatwin_quantity::{Bandwidth, Currency, Dim, Length, Money, Power, Quantity};
use sha2::{Digest, Sha256};

use super::not_understood;
use crate::args::fabric::{Design, StructureName};
use crate::diagnostics::Finding;
use crate::exit::Fault;

const SWITCH: &str = "quantum-x800";

/// One network by its parts, with every power, price and length at its mode, P10 and P90.
pub(super) struct Described {
    pub kind: &'static str,
    pub base: FabricDesign,
    pub low: FabricDesign,
    pub high: FabricDesign,
    pub sha256: String,
}

/// Figures of the catalog at one quantile.
pub(super) struct Figures<'c> {
    pub catalog: &'c Catalog,
    /// `None` is the mode.
    pub quantile: Option<f64>,
    /// Dollars in one euro.
    pub usd_per_eur: f64,
}

pub(super) fn bad_catalog(e: &CatalogError) -> Fault {
    let hint = match e {
        CatalogError::Unknown { nearest: Some(near), .. } => format!("did you mean \"{near}\"?"),
        _ => String::new(),
    };
    not_understood(e.to_string(), hint)
}

impl<'c> Figures<'c> {
    pub(super) fn new(catalog: &'c Catalog, quantile: Option<f64>) -> Result<Self, Fault> {
        let mut figures = Figures { catalog, quantile: None, usd_per_eur: 1.0 };
        let market = figures.entry(Kind::Costs, "market")?;
        figures.usd_per_eur = figures.number(&market, "eur_usd", Dim::Ratio)?;
        Ok(Figures { quantile, ..figures })
    }

    pub(super) fn entry(&self, kind: Kind, id: &str) -> Result<Entry, Fault> {
        self.catalog.entry(kind, id).map_err(|e| bad_catalog(&e))
    }

    /// A figure in base units; money in euros.
    pub(super) fn number(&self, entry: &Entry, key: &str, dim: Dim) -> Result<f64, Fault> {
        let value = entry.figure(key, dim).map_err(|e| bad_catalog(&e))?;
        let Some(value) = value else {
            return Err(not_understood(
                format!("{} has no {key}", entry.name),
                "give it in a catalog of your own",
            ));
        };
        let number = match self.quantile {
            Some(q) => value.distribution.quantile(q),
            None => value.distribution.base(),
        };
        Ok(if value.currency == Some(Currency::Usd) { number / self.usd_per_eur } else { number })
    }

    pub(super) fn get<Q: Quantity>(&self, entry: &Entry, key: &str) -> Result<Q, Fault> {
        Ok(Q::from_base(self.number(entry, key, Q::DIM)?))
    }
}

/// All that is wrong with the options of a network, and with the accelerator whose domains are sized beside it.
pub(super) fn faults(catalog: &Catalog, o: &Design) -> Result<Vec<Finding>, Fault> {
    let mut list = Vec::new();
    // What the catalog does not know is replaced, so that the rest can be looked at.
    let mut sound = o.clone();
    let named = [
        ("--switch", Kind::Switches, &mut sound.switch),
        ("--optic", Kind::Optics, &mut sound.optic),
        ("--accelerator", Kind::Accelerators, &mut sound.accelerator),
    ];
    for (option, kind, slot) in named {
        let Some(id) = slot.as_deref() else { continue };
        if let Err(e) = catalog.entry(kind, id) {
            let hint = match &e {
                CatalogError::Unknown { nearest: Some(near), .. } => format!("did you mean \"{near}\"?"),
                _ => String::new(),
            };
            list.push(Finding { code: "G500", message: format!("{option}: {e}"), hint });
            *slot = None;
        }
    }
    let described = describe(catalog, &sound)?;
    list.extend(design_faults(&described.base).into_iter().map(|e| {
        let hint = match &e {
            SizingError::Invalid { what, .. } => OPTIONS.iter().find(|(w, _)| w == what).map(|(_, o)| *o),
            _ => None,
        };
        let hint = hint.map_or_else(String::new, |option| format!("change {option}"));
        Finding { code: "G505", message: e.to_string(), hint }
    }));
    if o.accelerator.is_some() && o.domain == Some(0) {
        let message = "accelerators in a scale-up domain must be at least one".to_owned();
        list.push(Finding { code: "G505", message, hint: "change --domain".to_owned() });
    }
    Ok(list)
}

/// What a fault is about, and the option that says it.
const OPTIONS: [(&str, &str); 9] = [
    ("the number of endpoints", "--endpoints"),
    ("the number of planes", "--planes"),
    ("the switch radix", "--radix, or take another --switch"),
    ("the oversubscription of leaves", "--oversubscription"),
    ("the oversubscription of spines", "--spine-oversubscription"),
    ("the number of rails", "--rails"),
    ("links per cable", "--links-per-cable"),
    ("endpoints per rack and racks per row", "--endpoints-per-rack"),
    ("cube edge and ports of a circuit switch", "--edge or --circuit-ports"),
];

/// Reads the options with the catalog.
pub(super) fn describe(catalog: &Catalog, o: &Design) -> Result<Described, Fault> {
    let switch = o.switch.as_deref().unwrap_or(SWITCH);
    let rails = o.rails;
    let (structure, kind) = match o.structure {
        StructureName::FatTree => (Structure::FatTree, "fat tree"),
        StructureName::RailOptimised => (Structure::RailOptimised { rails }, "rail-optimised fat tree"),
        StructureName::RailOnly => (Structure::RailOnly { rails }, "rail-only"),
        StructureName::Dragonfly => (Structure::Dragonfly, "dragonfly"),
        StructureName::DragonflyPlus => (Structure::DragonflyPlus, "dragonfly+"),
        StructureName::HyperX => (Structure::HyperX, "hyperx"),
        StructureName::Torus => {
            (Structure::Torus3d { edge: o.edge, circuit_ports: o.circuit_ports }, "3d torus")
        }
    };
    let mut hash = Sha256::new();
    hash.update(format!("{o:?}"));
    hash.update(catalog.text(Kind::Switches, switch).unwrap_or_default());
    hash.update(catalog.text(Kind::Defaults, "fabric").unwrap_or_default());
    let mut optic_id = o.optic.clone();
    let mut at = |quantile: Option<f64>| -> Result<FabricDesign, Fault> {
        let f = Figures::new(catalog, quantile)?;
        let points = Figures { catalog, quantile: None, usd_per_eur: f.usd_per_eur };
        let switch = f.entry(Kind::Switches, switch)?;
        let defaults = f.entry(Kind::Defaults, "fabric")?;
        let port_rate: Bandwidth = points.get(&switch, "port_rate")?;
        let radix = match o.radix {
            Some(radix) => radix,
            None => points.number(&switch, "ports", Dim::Count)? as u32,
        };
        let id = optic_id.get_or_insert_with(|| {
            if port_rate.gbit_per_s() > 500.0 { "osfp-800g-dr8" } else { "osfp-400g-dr4" }.to_owned()
        });
        let optic = f.entry(Kind::Optics, id)?;
        let optic_rate: Bandwidth = points.get(&optic, "rate")?;
        let module = OpticSpec {
            links_per_module: (optic_rate / port_rate).floor().max(1.0) as u32,
            power: f.get::<Power>(&optic, "power")?,
            price: f.get::<Money>(&optic, "price")?,
        };
        Ok(FabricDesign {
            endpoints: o.endpoints.unwrap_or(0),
            management_links: o.management_links,
            planes: o.planes,
            structure,
            leaf_oversubscription: o.oversubscription,
            spine_oversubscription: o.spine_oversubscription,
            switch: SwitchSpec {
                radix,
                port_rate,
                power: f.get::<Power>(&switch, "power")?,
                price: f.get::<Money>(&switch, "price")?,
            },
            endpoint_optic: module,
            switch_optic: module,
            cable: CableSpec {
                copper_reach: points.get::<Length>(&defaults, "cable_copper_reach")?,
                copper_price: f.get::<Money>(&defaults, "cable_copper_price")?,
                fibre_price: f.get::<Money>(&defaults, "cable_fibre_price")?,
                links_per_cable: o.links_per_cable,
            },
            floor: FloorPlan {
                endpoints_per_rack: match o.endpoints_per_rack {
                    Some(n) => n,
                    None => points.number(&defaults, "floor_endpoints_per_rack", Dim::Count)? as u32,
                },
                racks_per_row: points.number(&defaults, "floor_racks_per_row", Dim::Count)? as u32,
                rack_pitch: f.get::<Length>(&defaults, "floor_rack_pitch")?,
                row_pitch: f.get::<Length>(&defaults, "floor_row_pitch")?,
                slack: f.get::<Length>(&defaults, "floor_slack")?,
            },
        })
    };
    let (base, low, high) = (at(None)?, at(Some(0.1))?, at(Some(0.9))?);
    let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(Described { kind, base, low, high, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gigatwin_quantity::Hazard;

    /// The ranges of links and switches stand around the figures that a run counts with.
    #[test]
    fn ranges_of_hazards_have_the_defaults_as_their_modes() {
        let catalog = Catalog::embedded();
        let f = Figures::new(&catalog, None).expect("the catalog is whole");
        let of = |file: &str, key: &str| {
            let entry = f.entry(Kind::Defaults, file).expect("a file of defaults");
            f.get::<Hazard>(&entry, key).expect("a rate")
        };
        for (range, point) in [("access_link", "hazard_access_link"), ("switch", "hazard_switch")] {
            assert_eq!(of("reliability", range), of("fabric", point), "{range}");
        }
    }
}
