//! What the product says of a factory file that is made from the known facts of a site.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::outcome::Outcome;
use gigatwin_factory::{load, run};
use gigatwin_quantity::Dim;

use super::facts::Site;

/// Draws behind a band, and their seed.
const DRAWS: (usize, u64) = (64, 1);

/// The outcome of the file, and the country's prices that a total needs.
pub(super) struct Product {
    outcome: Outcome,
    /// Shell, power and cooling plant per MW of IT, in EUR m.
    pub shell: f64,
    /// Contingency on it.
    pub contingency: f64,
    /// Industry's price of power in EUR/MWh.
    pub price: f64,
}

impl Product {
    /// Writes and runs the file.
    pub(super) fn of(site: &Site) -> Result<Product, String> {
        let need =
            |key: &str| site.known(key).ok_or_else(|| format!("{key} was not public before the opening"));
        let catalog = Catalog::embedded();
        let system = catalog.entry(Kind::Systems, need("system")?).map_err(|e| e.to_string())?;
        let per_unit = system
            .figure("accelerators", Dim::Count)
            .map_err(|e| e.to_string())?
            .map_or(1.0, |v| v.distribution.base());
        let count = site
            .number("accelerators")
            .ok_or("the number of accelerators was not public before the opening")?;
        let country = need("country")?;
        let opens: String = need("promised")?.chars().take(7).collect();
        let cooling = if system.text("cooling") == Some("air") { "air" } else { "warm water" };
        let text = format!(
            "format = 1\n[factory]\nname = \"{}\"\ncountry = \"{}\"\n[site]\nplace = \"{}\"\n\
             grid = {{ firm = \"400 MW\", energised = \"2018-01\" }}\n[[phase]]\nname = \"a\"\nopens = \"{opens}\"\n\
             [[partition]]\nname = \"a\"\nsystem = \"{}\"\nunits = {}\nfabric = \"f\"\n\
             [fabric.f]\nkind = \"fat tree\"\nswitch = \"quantum-2\"\n[storage]\ncapacity = \"50 PB\"\n\
             [power]\nredundancy = \"N\"\nbackup = \"0 h\"\nbacked_share = \"0 %\"\n[cooling]\nkind = \"{cooling}\"\n",
            site.name,
            country.to_uppercase(),
            need("place")?,
            system.id,
            (count / per_unit).round(),
        );
        let no_other_file = |_: &str, _: &str| Err("the file stands alone".to_owned());
        let loaded = load(&site.name, text.into_bytes(), &no_other_file, &catalog);
        let Some(factory) = loaded.factory else {
            let said: Vec<String> = loaded.diagnostics.iter().map(|d| d.message.clone()).collect();
            return Err(format!("no factory file can be made of it: {}", said.join("; ")));
        };
        let land = catalog.entry(Kind::Countries, country).map_err(|e| e.to_string())?;
        let building = catalog.entry(Kind::Costs, "building").map_err(|e| e.to_string())?;
        let of = |key: &str, dim| land.figure(key, dim).ok().flatten().map(|v| v.distribution);
        // EUR per watt are EUR m per MW.
        let shell = of("shell_cost", Dim::PowerPrice).map(|d| d.base());
        let shell = shell.ok_or_else(|| format!("the cost of a building in {country} is not known"))?;
        let contingency =
            building.figure("contingency", Dim::Share).ok().flatten().map(|v| v.distribution.base());
        // EUR per joule to EUR per MWh.
        let price = of("price_industry", Dim::EnergyPrice).map(|p| p.base() * 3.6e9).unwrap_or(f64::NAN);
        let outcome = run(&factory, DRAWS.1, DRAWS.0);
        Ok(Product { outcome, shell, contingency: contingency.unwrap_or(0.0), price })
    }

    /// A figure with its P10 and P90, in `unit` base units.
    pub(super) fn metric(&self, id: &str, unit: f64) -> Result<(f64, f64, f64), String> {
        let found = self.outcome.metric(id).and_then(|m| Some((m.value?, m.band)));
        let (value, band) = found.ok_or_else(|| format!("{id} is n/a"))?;
        let (low, high) = band.map_or((value, value), |b| (b.p10, b.p90));
        Ok((value / unit, low / unit, high / unit))
    }
}
