//! Rows of power tables: the shipped columns, or those of a list of systems (`system`, `accelerator`, `power_kw`, `gflops_w`).
//!
//! What a row does not state of its chip is taken from the shipped rows of the same chip, else from the catalog: its full and
//! idle power, and the other power of a system built of it. So a row with a name, a chip and a power can be scored.

use gigatwin_catalog::{Catalog, Entry, Kind};
use gigatwin_quantity::Dim;

use crate::table::{Row, ValidationError};

/// Idle over full power of a chip of which nothing better is known: the middle of the catalog's.
const IDLE_SHARE: f64 = 0.13;

/// One system or node.
#[derive(Clone)]
pub(super) struct Sample {
    pub id: String,
    pub family: String,
    pub chip: String,
    pub seen: bool,
    pub tdp: f64,
    pub idle: f64,
    pub other: f64,
    /// HPL rate per chip in TFLOP/s.
    pub rate: Option<f64>,
    pub per_chip: Option<f64>,
    pub chips: Option<f64>,
}

/// A chip's name without what lists write it with: "A100 custom 64GB" is "a100-custom-64".
fn chip_name(text: &str) -> String {
    let low = text.trim().to_lowercase().replace([' ', '_'], "-");
    let plain = low.strip_prefix("nvidia-").or_else(|| low.strip_prefix("amd-")).unwrap_or(&low);
    let plain = plain.strip_prefix("instinct-").unwrap_or(plain);
    match plain.strip_suffix("gb") {
        Some(rest) if rest.ends_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
        _ => plain.to_owned(),
    }
}

/// Power figures of a chip: full, idle, and everything else per chip.
struct Known {
    tdp: Option<f64>,
    idle: Option<f64>,
    other: Option<f64>,
}

fn known(text: &str, chip: &str, shipped: &[Sample]) -> Known {
    if let Some(same) = shipped.iter().find(|s| s.chip == chip) {
        return Known { tdp: Some(same.tdp), idle: Some(same.idle), other: Some(same.other) };
    }
    let catalog = Catalog::embedded();
    let entry = [text, chip].iter().find_map(|n| catalog.entry(Kind::Accelerators, n).ok());
    let base = |e: &Entry, key: &str, dim| e.figure(key, dim).ok().flatten().map(|v| v.distribution.base());
    let Some(entry) = entry else { return Known { tdp: None, idle: None, other: None } };
    let system = catalog.ids(Kind::Systems).into_iter().find_map(|id| {
        let system = catalog.entry(Kind::Systems, id).ok()?;
        if system.text("accelerator") != Some(entry.id.as_str()) {
            return None;
        }
        Some(base(&system, "power_other", Dim::Power)? / base(&system, "accelerators", Dim::Count)?)
    });
    Known {
        tdp: base(&entry, "tdp", Dim::Power),
        idle: base(&entry, "idle_power", Dim::Power),
        other: system,
    }
}

/// A system of which only the chip is known.
pub(super) fn of_chip(chip: &str, shipped: &[Sample]) -> Result<Sample, String> {
    let name = chip_name(chip);
    let known = known(chip, &name, shipped);
    let tdp = known.tdp.ok_or_else(|| format!("the power of \"{chip}\" is not known"))?;
    Ok(Sample {
        id: name.clone(),
        family: String::new(),
        chip: name,
        seen: false,
        tdp,
        idle: known.idle.unwrap_or(IDLE_SHARE * tdp).min(tdp),
        other: known.other.unwrap_or(0.5 * tdp),
        rate: None,
        per_chip: None,
        chips: None,
    })
}

/// Reads a row; `Err(reason)` inside where it names no power of its chip and the catalog knows none.
pub(super) fn read(
    row: &Row<'_>,
    shipped: &[Sample],
) -> Result<Result<Sample, (String, String)>, ValidationError> {
    let first = |columns: [&'static str; 2]| {
        columns.into_iter().map(|c| row.text(c)).find(|t| !t.is_empty()).unwrap_or("")
    };
    let text = first(["chip", "accelerator"]);
    let chip = chip_name(text);
    let list = row.text("list");
    let id = match (row.text("id"), list) {
        ("", "") => row.text("system").to_owned(),
        ("", list) => format!("{} {list}", row.text("system")),
        (id, _) => id.to_owned(),
    };
    let family = first(["family", "system"]);
    let known = known(text, &chip, shipped);
    let positive = |v: Option<f64>| v.filter(|v| *v > 0.0);
    let chips = positive(row.number("chips")?);
    let rmax = positive(row.number("rmax_pflops")?);
    let efficiency = positive(row.number("gflops_w")?);
    let kilowatts = match positive(row.number("power_kw")?) {
        Some(kw) => Some(kw),
        // GF/W of a rate in PFLOP/s: 1e6 GFLOP/s over it are watts.
        None => rmax.zip(efficiency).map(|(r, e)| r * 1e3 / e),
    };
    let per_chip = match positive(row.number("w_per_chip")?).or(positive(row.number("w_per_chip_all_in")?)) {
        Some(w) => Some(w),
        None => kilowatts.zip(chips).map(|(kw, n)| kw * 1e3 / n),
    };
    let tdp = match positive(row.number("tdp_w")?).or(known.tdp) {
        Some(tdp) => tdp,
        None => {
            return Ok(Err((id, format!("neither the row nor the catalog knows the power of \"{text}\""))));
        }
    };
    let evidence =
        if row.text("evidence").is_empty() { row.text("evidence_power") } else { row.text("evidence") };
    Ok(Ok(Sample {
        family: if family.is_empty() { id.clone() } else { family.to_owned() },
        seen: evidence.starts_with("seen"),
        idle: row.number("idle_w")?.or(known.idle).unwrap_or(IDLE_SHARE * tdp).min(tdp),
        other: row.number("other_w")?.or(known.other).unwrap_or(0.5 * tdp),
        rate: rmax.zip(chips).map(|(pflops, n)| pflops * 1000.0 / n),
        id,
        chip,
        tdp,
        per_chip,
        chips,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_chips() {
        for (text, name) in [
            ("GH200", "gh200"),
            ("A100 custom 64GB", "a100-custom-64"),
            ("AMD Instinct MI300A", "mi300a"),
            ("h100-sxm", "h100-sxm"),
        ] {
            assert_eq!(chip_name(text), name);
        }
    }
}
