//! The scale-up part of `fabric size`: switch chips of the domains of a partition.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_fabric::{Family, ScaleUpBill, ScaleUpDesign, SizingError, size_scaleup};
use gigatwin_quantity::Dim;
use serde_json::{Value, json};

use super::design::Figures;
use crate::context::Context;
use crate::exit::Fault;

/// Scale-up domains of one partition.
pub(super) struct ScaleUp {
    name: String,
    domains: f64,
    design: ScaleUpDesign,
    bill: Result<ScaleUpBill, SizingError>,
}

/// Sizes the domains of `accelerators` chips; `None` where nothing is known of the chip's links, or it stands alone.
pub(super) fn domains(
    catalog: &Catalog,
    name: &str,
    accelerator: &str,
    accelerators: f64,
    domain: u32,
) -> Result<Option<ScaleUp>, Fault> {
    let family = match Family::of_accelerator(accelerator) {
        Family::Ampere => "ampere",
        Family::Hopper => "hopper",
        Family::Blackwell => "blackwell",
        Family::Cdna3 => "cdna3",
        Family::Other => return Ok(None),
    };
    if domain < 2 {
        return Ok(None);
    }
    let figures = Figures::new(catalog, None)?;
    let entry = figures.entry(Kind::Defaults, "scaleup")?;
    let count = |key: &str| figures.number(&entry, &format!("{family}_{key}"), Dim::Count).map(|n| n as u32);
    let design = ScaleUpDesign { domain, links_per_chip: count("links")?, radix: count("switch_ports")? };
    Ok(Some(ScaleUp {
        name: name.to_owned(),
        domains: (accelerators / f64::from(domain)).ceil(),
        design,
        bill: size_scaleup(&design),
    }))
}

impl ScaleUp {
    /// A number out of its domain, with its name.
    pub(super) fn invalid(&self) -> Option<(String, &SizingError)> {
        let e = self.bill.as_ref().err().filter(|e| matches!(e, SizingError::Invalid { .. }));
        e.map(|e| (format!("scale-up {}", self.name), e))
    }

    /// Why it cannot be built, with its name.
    pub(super) fn missing(&self) -> Option<(String, String)> {
        self.bill.as_ref().err().map(|e| (format!("scale-up {}", self.name), e.to_string()))
    }

    pub(super) fn json(&self) -> Value {
        let Ok(b) = &self.bill else { return Value::Null };
        json!({
            "name": self.name,
            "domains": self.domains,
            "accelerators_per_domain": self.design.domain,
            "links_per_accelerator": self.design.links_per_chip,
            "switch_radix": self.design.radix,
            "tiers": b.tiers,
            "switch_chips_per_domain": b.switches(),
            "leaf_per_domain": b.leaf,
            "spine_per_domain": b.spine,
            "chip_links_per_domain": b.chip_links,
            "switch_links_per_domain": b.switch_links,
            "switch_chips": b.switches() as f64 * self.domains,
        })
    }

    pub(super) fn line(&self, context: &Context) -> String {
        let f = context.figures();
        let Ok(b) = &self.bill else { return String::new() };
        let n = |v: f64| f.value(Dim::Count, v);
        let by = match b.tiers {
            0 => "joined directly".to_owned(),
            1 => format!("{} switch chips at least", n(b.switches() as f64)),
            _ => format!("{} switch chips in two tiers at least", n(b.switches() as f64)),
        };
        format!(
            "scale-up {}: {} domains of {}, {by}, {} links in each\n",
            self.name,
            n(self.domains),
            self.design.domain,
            n((b.chip_links + b.switch_links) as f64)
        )
    }
}
