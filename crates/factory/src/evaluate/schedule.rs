//! When each phase opens: permit, grid, procurement and building.

use super::sheet::Sheet;
use crate::inputs::Values;
use crate::resolved::Factory;

/// Opening dates of one draw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Openings {
    /// By phase, days since 1970.
    pub days: Vec<f64>,
    /// What the first phase waits for.
    pub critical: String,
}

/// Evaluates the schedule.
pub(crate) fn evaluate(f: &Factory, v: &Values<'_>, sheet: &mut Sheet) -> Openings {
    let d = &f.defaults.durations;
    let signature = f.site.signature.map(|s| v.number(s));
    let permit = f.site.permit.as_ref().map(|(filed, duration)| v.number(*filed) + v.get(*duration).days());
    let asked = |i: usize| f.phases[i].opens.map(|o| v.number(o));
    // Without a signature the plan is taken at its word: work starts so that the first phase opens as asked.
    let commissioning = v.get(d.commissioning).days();
    let build = v.get(d.build).days();
    let origin = signature.or(permit).unwrap_or_else(|| asked(0).map_or(TODAY, |o| o - commissioning - build));
    let grid = match f.site.energised {
        Some(date) => v.number(date),
        None if signature.is_some() => origin + v.get(f.site.grid_lead_time).days(),
        None => f64::NEG_INFINITY,
    };
    let mut openings = Openings::default();
    for i in 0..f.phases.len() {
        let start = if i == 0 { origin } else { asked(i).map_or(origin, |o| (o - commissioning - build).max(origin)) };
        let built = start.max(permit.unwrap_or(f64::NEG_INFINITY)) + build;
        let delivered = start + v.get(d.procurement).days() + v.get(d.accelerator_lead_time).days();
        let (ready, critical) = [(built, "permit and building"), (grid, "grid connection"), (delivered, "procurement and delivery")]
            .into_iter()
            .fold((f64::NEG_INFINITY, ""), |a, b| if b.0 > a.0 { b } else { a });
        let opens = (ready + commissioning).max(asked(i).unwrap_or(f64::NEG_INFINITY));
        let as_asked = asked(i).is_some_and(|o| o >= ready + commissioning);
        let id = |key: &str| format!("schedule.phase.{}.{key}", f.phases[i].slug);
        sheet.put(&id("opening"), opens);
        sheet.put_some(&id("slip"), asked(i).map(|o| (opens - o) * 86_400.0));
        if i == 0 {
            openings.critical = if as_asked { "opens as asked".to_owned() } else { format!("waits for {critical}") };
        }
        openings.days.push(opens);
    }
    let first = openings.days.first().copied().unwrap_or(f64::NAN);
    sheet.put("schedule.opening", first);
    sheet.put_some("schedule.opening_after_signature", signature.map(|s| (first - s) * 86_400.0));
    openings
}

/// Where nothing in the file has a date: 2027-01-01.
const TODAY: f64 = 20_819.0;
