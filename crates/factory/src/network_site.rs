//! The AI Factories of the catalog as sites of a federation.

use gigatwin_catalog::{Catalog, Entry, Kind};
use gigatwin_operations::Layout;
use gigatwin_quantity::{Dim, Share};

/// What an accelerator of a site does and draws, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteRates {
    /// Dense BF16 peak in FLOP/s: sites are as fast as their accelerators' peaks.
    pub peak: f64,
    /// Rated power in watts.
    pub watts: f64,
    /// What industry pays for electricity in the country, EUR/MWh.
    pub eur_per_mwh: f64,
    /// Generation mix of the country, g/kWh.
    pub grams_per_kwh: f64,
}

/// A site of the existing network.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkSite {
    /// Id in the catalog.
    pub id: String,
    /// Name in the catalog.
    pub name: String,
    /// Its nodes; of its network nothing is in the catalog.
    pub layout: Layout,
    /// What its accelerators do.
    pub rates: SiteRates,
    /// The Union's part, where the catalog has it.
    pub union_share: Option<Share>,
}

/// Joules of a megawatt-hour: EUR/J into EUR/MWh, and kg/J into g/kWh as well.
const PER_MWH: f64 = 3.6e9;

fn figure(entry: &Entry, key: &str, dim: Dim) -> Result<f64, String> {
    let value = entry.figure(key, dim).map_err(|e| e.to_string())?;
    value.map(|v| v.distribution.base()).ok_or_else(|| format!("the catalog has no {key} of {}", entry.name))
}

/// Rates of an accelerator in a country.
///
/// # Errors
/// In words, where the catalog lacks one of them.
pub fn site_rates(catalog: &Catalog, accelerator: &str, country: &str) -> Result<SiteRates, String> {
    let of = |kind, id: &str| catalog.entry(kind, id).map_err(|e| e.to_string());
    let (chip, country) = (of(Kind::Accelerators, accelerator)?, of(Kind::Countries, country)?);
    Ok(SiteRates {
        peak: figure(&chip, "bf16_dense", Dim::Flops)?,
        watts: figure(&chip, "tdp", Dim::Power)?,
        eur_per_mwh: PER_MWH * figure(&country, "price_industry", Dim::EnergyPrice)?,
        grams_per_kwh: PER_MWH * figure(&country, "carbon_intensity", Dim::CarbonIntensity)?,
    })
}

/// A site of the catalog by id or alias.
///
/// # Errors
/// In words, where there is no such site, or the catalog does not know its accelerators, their number, or their nodes.
pub fn network_site(catalog: &Catalog, id: &str) -> Result<NetworkSite, String> {
    let entry = catalog.entry(Kind::AiFactories, id).map_err(|e| e.to_string())?;
    let chip = entry.text("accelerator").ok_or_else(|| {
        format!("the catalog does not know the accelerators of {}: none were found published", entry.name)
    })?;
    let accelerators = figure(&entry, "accelerators", Dim::Count)?;
    // The smallest node of the catalog that holds such accelerators.
    let per_node = catalog
        .ids(Kind::Systems)
        .into_iter()
        .filter_map(|s| catalog.entry(Kind::Systems, s).ok())
        .filter(|s| s.text("accelerator") == Some(chip))
        .filter_map(|s| {
            Some(
                figure(&s, "accelerators", Dim::Count).ok()? / figure(&s, "nodes", Dim::Count).ok()?.max(1.0),
            )
        })
        .fold(f64::INFINITY, f64::min);
    if !per_node.is_finite() {
        return Err(format!("the catalog has no node with the accelerators of {}", entry.name));
    }
    let per_node = per_node.round().max(1.0) as u32;
    let nodes = ((accelerators / f64::from(per_node)).round() as u32).max(1);
    let country = entry.text("country").unwrap_or_default();
    Ok(NetworkSite {
        rates: site_rates(catalog, chip, country)?,
        union_share: figure(&entry, "union_share", Dim::Share).ok().map(Share::from_fraction),
        layout: Layout::flat(nodes, per_node),
        id: entry.id,
        name: entry.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jupiter_and_lumi_are_known_and_hammerhai_is_not() {
        let catalog = Catalog::embedded();
        let jupiter = network_site(&catalog, "jupiter").unwrap();
        assert_eq!(
            (jupiter.id.as_str(), jupiter.layout.nodes, jupiter.layout.gpus_per_node),
            ("jaif", 5_938, 4)
        );
        assert!((jupiter.rates.peak - 989.4e12).abs() < 1e9 && (jupiter.rates.watts - 680.0).abs() < 1e-9);
        assert!(
            (jupiter.rates.eur_per_mwh - 142.7).abs() < 1e-6
                && (jupiter.rates.grams_per_kwh - 342.06).abs() < 1e-6
        );
        let lumi = network_site(&catalog, "lumi").unwrap();
        assert_eq!(lumi.layout.gpus(), 11_912);
        assert!(network_site(&catalog, "hammerhai").unwrap_err().contains("HammerHAI"));
        assert!(network_site(&catalog, "lumi-ai").unwrap_err().contains("accelerators"));
    }
}
