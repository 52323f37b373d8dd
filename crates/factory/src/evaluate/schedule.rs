//! When each phase opens: facts for `programme`'s network of permit, grid, procurement and building.

use gigatwin_programme::schedule::{Grid, Permit, ScheduleInputs, schedule};
use gigatwin_quantity::Date;

use super::sheet::Sheet;
use crate::inputs::Values;
use crate::resolved::Factory;

/// Opening dates of one draw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Openings {
    /// By phase, days since 1970.
    pub days: Vec<f64>,
    /// Months from start of building to opening.
    pub building: f64,
    /// What the first phase waits for.
    pub critical: String,
}

/// Evaluates the schedule. A site that already runs (its first phase asked to open, nothing signed or filed) opens as it did.
pub(crate) fn evaluate(f: &Factory, v: &Values<'_>, sheet: &mut Sheet) -> Result<Openings, String> {
    let d = &f.defaults.durations;
    let signature = f.site.signature.map(|s| v.number(s));
    let slip = v.number(f.defaults.programme.slip);
    let building = (v.get(d.build_iea) + v.get(d.commissioning)) * slip;
    let asked = |i: usize| f.phases[i].opens.map(|o| v.number(o));
    let permit_days =
        f.site.permit.as_ref().map(|(filed, duration)| v.number(*filed) + v.get(*duration).days() * slip);
    sheet.put_some("schedule.permit", permit_days);
    sheet.put_some("schedule.grid", f.site.energised.map(|date| v.number(date)));
    let permit = f.site.permit.as_ref().map(|(filed, duration)| Permit::Filed {
        on: Date::from_days(v.number(*filed)),
        duration: v.get(*duration),
    });
    let mut out = Openings { building: building.months(), ..Openings::default() };
    for i in 0..f.phases.len() {
        let planned = signature.is_some() || permit.is_some();
        let opening = match (planned, asked(i)) {
            (false, Some(asked)) => asked,
            (_, asked) => {
                // Later phases are ordered in time for the date asked for them, never before the agreement.
                let origin = signature.or_else(|| f.site.permit.map(|p| v.number(p.0))).unwrap_or(UNDATED);
                let lead = (v.get(d.procurement) + v.get(d.accelerator_lead_time)).max(v.get(d.build_iea))
                    + v.get(d.commissioning);
                let start =
                    if i == 0 { origin } else { asked.map_or(origin, |a| (a - lead.days()).max(origin)) };
                let found = schedule(&ScheduleInputs {
                    signature: Date::from_days(start),
                    permit: permit.unwrap_or(Permit::Granted),
                    grid: match f.site.energised {
                        Some(date) => Grid::Energised(Date::from_days(v.number(date))),
                        None => Grid::LeadTime {
                            from: Some(Date::from_days(origin)),
                            duration: v.get(f.site.grid_lead_time),
                        },
                    },
                    procurement: v.get(d.procurement),
                    delivery: v.get(d.accelerator_lead_time),
                    construction: v.get(d.build_iea),
                    commissioning: v.get(d.commissioning),
                    slip,
                    asked: asked.map(Date::from_days),
                })
                .map_err(|e| e.to_string())?;
                if i == 0 {
                    out.critical = found.critical_words();
                }
                found.opening.days()
            }
        };
        let id = |key: &str| format!("schedule.phase.{}.{key}", f.phases[i].slug);
        sheet.put(&id("opening"), opening);
        sheet.put_some(&id("slip"), asked(i).map(|a| (opening - a) * 86_400.0));
        out.days.push(opening);
    }
    let first = out.days.first().copied().unwrap_or(f64::NAN);
    sheet.put("schedule.opening", first);
    sheet.put_some("schedule.opening_after_signature", signature.map(|s| (first - s) * 86_400.0));
    Ok(out)
}

/// Where nothing in the file has a date: 2027-01-01.
const UNDATED: f64 = 20_819.0;
