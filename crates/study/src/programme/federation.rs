//! The gigafactories and the existing AI Factories as one network: what the base network carries until sites open, and what it is
//! relieved of afterwards.

use gigatwin_catalog::{Catalog, CatalogError, Kind};
use gigatwin_programme::queue::Queue;
use gigatwin_quantity::Dim;

use super::assumptions::range;
use super::europe::factories;

/// Hours of a year.
const YEAR: f64 = 8766.0;

/// The network at one demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relief {
    /// Demand over the capacity of the AI Factories.
    pub load: f64,
    /// Mean wait before, in hours; `None` where the queue grows without end.
    pub before: Option<f64>,
    /// Work that waits when the first site opens, in months of the AI Factories' whole capacity.
    pub backlog: f64,
    /// Demand over capacity with the sites' public hours.
    pub load_after: f64,
    /// Mean wait then, in hours.
    pub after: Option<f64>,
    /// Months until the backlog is worked off; `None` where it is not.
    pub clears: Option<f64>,
}

/// The network.
#[derive(Debug, Clone, PartialEq)]
pub struct Federation {
    /// H100-equivalents of the AI Factories that run and are published.
    pub base: f64,
    /// AI Factories in the catalog that run with a published machine, and all of them.
    pub known: (usize, usize),
    /// H100-equivalents that stand behind the hours of Union and States.
    pub public: f64,
    /// Months until the first site opens.
    pub until: f64,
    /// Size of a typical job in H100-equivalents, and its hours.
    pub job: (f64, f64),
    /// At several demands.
    pub relief: Vec<Relief>,
}

/// `public_h100e_hours` are the H100e-hours of Union and States a year; the first site opens in `until` months.
///
/// # Errors
/// Where a figure of the catalog is missing or broken.
pub fn federation(
    catalog: &Catalog,
    public_h100e_hours: f64,
    until: f64,
) -> Result<Federation, CatalogError> {
    let room = catalog.entry(Kind::Defaults, "programme")?;
    let load = range(&room, "network_load", Dim::Ratio)?;
    let size = range(&room, "network_job_size", Dim::Count)?.mode;
    let job = range(&room, "network_job_hours", Dim::Ratio)?.mode;
    let (base, _) = factories(catalog)?;
    let public = public_h100e_hours / YEAR;
    let times = (base + public) / base;
    let relief = [load.low, load.mode, load.high]
        .into_iter()
        .map(|load| {
            let now = Queue { places: base / size, load, job };
            let then = now.with_capacity(times);
            let backlog = now.backlog(until * YEAR / 12.0);
            Relief {
                load,
                before: now.wait(),
                backlog: backlog / (YEAR / 12.0),
                load_after: then.load,
                after: then.wait(),
                clears: then.clears(backlog / times).map(|h| h / (YEAR / 12.0)),
            }
        })
        .collect();
    let mut known = (0, 0);
    for id in catalog.ids(Kind::AiFactories) {
        let entry = catalog.entry(Kind::AiFactories, id)?;
        known.1 += 1;
        let runs = entry.text("status").is_some_and(|s| s.starts_with("operating"));
        known.0 += usize::from(runs && entry.figure("accelerators", Dim::Count)?.is_some());
    }
    Ok(Federation { base, known, public, until, job: (size, job), relief })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn public_hours_relieve_the_base_network() {
        let catalog = Catalog::embedded();
        let none = federation(&catalog, 0.0, 40.0).unwrap();
        for r in &none.relief {
            assert_eq!((r.before, r.load), (r.after, r.load_after), "nothing added changes nothing");
        }
        let some = federation(&catalog, 4.0 * none.base * YEAR, 40.0).unwrap();
        assert!((some.public - 4.0 * none.base).abs() < 1e-6 * none.base);
        for (a, b) in some.relief.iter().zip(&none.relief) {
            assert!((a.load_after - b.load / 5.0).abs() < 1e-12);
            assert!(a.clears.is_some() && a.after.unwrap() <= b.before.unwrap_or(f64::INFINITY));
        }
        // At one and a half times the capacity half of it is left undone every month.
        assert!((some.relief[1].backlog - 0.5 * 40.0).abs() < 1e-9);
    }
}
