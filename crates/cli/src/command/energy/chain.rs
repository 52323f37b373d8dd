//! What stands between the grid and the chips: losses by stage, pumps, and the plant for hours without grid.

use gigatwin_facility::StageAt;
use gigatwin_quantity::Power;
use serde_json::{Value, json};

use super::Answer;
use crate::context::Context;
use crate::layout::{Side, table};

/// Stages from the grid to the chips: name, at the mean hour, at the peak.
fn stages(a: &Answer) -> Vec<(&'static str, StageAt, StageAt)> {
    let (site, y) = (&a.site, &a.year);
    let chain = &site.facility.chain;
    let (mean, peak) = (site.it_mean, site.it_peak);
    let below = |total: Power, loss: Power| total - loss;
    // What everything passes below the transformers: the whole less their own loss at the peak, where they are laid out.
    let rated = (0..8).fold(y.hours.peak, |rated, _| below(y.hours.peak, chain.site_loss(rated, rated)));
    let through: Power = y.hours.total.iter().copied().sum::<Power>() / y.len().max(1) as f64;
    let typical = (0..8).fold(through, |load, _| below(through, chain.site_loss(load, rated)));
    let both = |low: Vec<StageAt>, high: Vec<StageAt>| low.into_iter().zip(high).rev().collect::<Vec<_>>();
    let names = ["transformers", "UPS", "distribution (busbars, PDU)"];
    let mut out: Vec<_> = both(chain.site_stages(typical, rated), chain.site_stages(rated, rated))
        .into_iter()
        .chain(both(chain.it_stages(mean, peak), chain.it_stages(peak, peak)))
        .zip(names)
        .map(|((low, high), name)| (name, low, high))
        .collect();
    out.push((
        "rectifiers in the racks (part of IT)",
        site.rectifier.at(mean, peak),
        site.rectifier.at(peak, peak),
    ));
    out
}

/// The table of the page.
pub(super) fn text(context: &Context, a: &Answer) -> String {
    let f = context.figures();
    let mut rows = vec![
        ["power chain, grid to chips", "installed MW", "mean load", "loss MW", "peak load", "loss MW"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (name, mean, peak) in stages(a) {
        rows.push(vec![
            name.to_owned(),
            f.decimal(mean.installed.mw(), 1),
            format!("{} %", f.decimal(mean.loading.percent(), 0)),
            f.decimal(mean.loss.mw(), 2),
            format!("{} %", f.decimal(peak.loading.percent(), 0)),
            f.decimal(peak.loss.mw(), 2),
        ]);
    }
    let mut sides = vec![Side::Left];
    sides.extend([Side::Right; 5]);
    let mut out = format!("\n{}", table(&sides, &rows));
    let y = &a.year;
    let mean = |c: &[Power]| c.iter().copied().sum::<Power>().mw() / y.len().max(1) as f64;
    let (pumps, cdu) = (mean(&y.hours.pumps), mean(&y.hours.cdu_pumps));
    let mut parts = vec![
        [
            "mean MW",
            "CDU pumps",
            "other pumps",
            "cooler fans",
            "air movers",
            "chillers",
            "fixed loads",
            "heat pump",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let number = |v| f.decimal(v, 2);
    parts.push(vec![
        String::new(),
        number(cdu),
        number(pumps - cdu),
        number(mean(&y.hours.fans)),
        number(mean(&y.hours.air_movers)),
        number(mean(&y.hours.chillers)),
        number(mean(&y.hours.fixed)),
        number(mean(&y.hours.heat_pump)),
    ]);
    let mut sides = vec![Side::Left];
    sides.extend([Side::Right; 7]);
    out.push_str(&format!("\n{}", table(&sides, &parts)));
    if let Ok(plant) = a.site.backup.size(y.hours.peak) {
        let hours = a.site.backup.autonomy.hours();
        let volume = plant
            .fuel_volume
            .map_or_else(String::new, |v| format!(", {} m3 of diesel", f.decimal(v.m3(), 0)));
        out.push_str(&if hours > 0.0 {
            format!(
                "\nbackup: {} h of {} MW by {} sets of {} MW ({} MW installed); {} GWh of fuel{volume}\n",
                f.decimal(hours, 0),
                f.decimal(plant.load.mw(), 1),
                f.decimal(plant.sets, 0),
                f.decimal(a.site.backup.set_power.mw(), 1),
                f.decimal(plant.installed.mw(), 0),
                f.decimal(plant.fuel.mwh() / 1e3, 2),
            )
        } else {
            "\nbackup: none\n".to_owned()
        });
    }
    out
}

/// The stages for machines.
pub(super) fn json(a: &Answer) -> Vec<Value> {
    let at = |s: &StageAt| json!({"load_mw": s.load.mw(), "loading": s.loading.fraction(), "loss_mw": s.loss.mw()});
    stages(a)
        .iter()
        .map(|(name, mean, peak)| {
            json!({"stage": name, "installed_mw": mean.installed.mw(), "mean": at(mean), "peak": at(peak)})
        })
        .collect()
}

/// Backup for machines.
pub(super) fn backup_json(a: &Answer) -> Value {
    let Ok(plant) = a.site.backup.size(a.year.hours.peak) else { return Value::Null };
    json!({"hours": a.site.backup.autonomy.hours(), "load_mw": plant.load.mw(), "sets": plant.sets,
        "installed_mw": plant.installed.mw(), "fuel_mwh": plant.fuel.mwh(), "fuel_m3": plant.fuel_volume.map(|v| v.m3())})
}
