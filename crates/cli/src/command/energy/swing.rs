//! The square wave of synchronous training, and what remedies do to it.

use gigatwin_facility::Remedy;
use gigatwin_quantity::Share;
use serde_json::{Value, json};

use super::Answer;
use crate::context::Context;
use crate::layout::{Side, table};

/// The remedies that are shown beside the bare wave.
fn remedies(swing: &gigatwin_facility::Swing) -> Vec<(&'static str, Option<Remedy>)> {
    let range = swing.high - swing.low;
    vec![
        ("none", None),
        ("floor at half the range", Some(Remedy::Floor(Share::from_percent(50.0)))),
        ("filler work to half", Some(Remedy::Filler(Share::from_percent(50.0)))),
        (
            "rack storage, 30 % of range for 1 s",
            Some(Remedy::Storage {
                power: range * 0.3,
                energy: range * 0.3 * gigatwin_quantity::Time::from_s(1.0),
                loss: Share::from_percent(5.0),
            }),
        ),
        ("two groups, staggered", Some(Remedy::Stagger(2))),
    ]
}

/// The table of the page.
pub(super) fn text(context: &Context, a: &Answer) -> String {
    let f = context.figures();
    if a.site.swings.is_empty() {
        return String::new();
    }
    let mut rows = vec![
        ["swing of training", "remedy", "MW", "MW/s", "Hz", "in 0.1-20 Hz", "costs MW"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for s in &a.site.swings {
        for (name, remedy) in remedies(&s.swing) {
            let Ok(seen) = s.swing.seen(remedy) else { continue };
            rows.push(vec![
                if remedy.is_none() { s.run.clone() } else { String::new() },
                name.to_owned(),
                f.decimal(seen.range.mw(), 1),
                f.decimal(seen.ramp.mw_per_s(), 0),
                f.decimal(seen.fundamental.hz(), 2),
                format!("{} %", f.decimal(seen.in_band.percent(), 0)),
                f.decimal(seen.cost.mw(), 1),
            ]);
        }
    }
    let mut sides = vec![Side::Left, Side::Left];
    sides.extend([Side::Right; 5]);
    format!("\n{}", table(&sides, &rows))
}

/// The same for machines.
pub(super) fn json(a: &Answer) -> Vec<Value> {
    a.site
        .swings
        .iter()
        .flat_map(|s| {
            remedies(&s.swing).into_iter().filter_map(move |(name, remedy)| {
                let seen = s.swing.seen(remedy).ok()?;
                Some(json!({"run": s.run, "remedy": name, "range_mw": seen.range.mw(), "ramp_mw_per_s": seen.ramp.mw_per_s(),
                    "fundamental_hz": seen.fundamental.hz(), "in_band": seen.in_band.fraction(), "rms_in_band_mw": seen.rms_in_band.mw(),
                    "cost_mw": seen.cost.mw()}))
            })
        })
        .collect()
}
