//! The same site elsewhere.

use gigatwin_quantity::{Power, PowerRate};

use super::Answer;
use super::page::figures;
use super::sites::Other;
use crate::context::Context;
use crate::layout::{Side, table};

/// The table of the page.
pub(super) fn text(context: &Context, a: &Answer, others: &[Other]) -> String {
    let f = context.figures();
    let number = |v: Option<f64>, digits| v.map_or_else(|| f.missing().to_owned(), |v| f.decimal(v, digits));
    let mut head = vec![
        "at",
        "place",
        "PUE",
        "WUE l/kWh",
        "spot EUR/MWh",
        "paid EUR/MWh",
        "EUR m/a",
        "t CO2/a",
        "EUR/acc-h",
    ];
    let mut sizes = vec![
        "at",
        "EUR m/a",
        "EUR/acc-h",
        "24/7 %",
        "PV MW",
        "wind MW",
        "battery MW",
        "MWh",
        "grid EUR/kW/a",
    ];
    let mut rows = vec![head.drain(..).map(str::to_owned).collect::<Vec<_>>()];
    let mut dispatched = vec![sizes.drain(..).map(str::to_owned).collect::<Vec<_>>()];
    let mut row = |asked: &str, a: &Answer| {
        let all = figures(a);
        let get = |id: &str, digits| number(all.iter().find(|x| x.id == id).and_then(|x| x.value), digits);
        rows.push(vec![
            asked.to_owned(),
            format!("{}, {}", a.site.place, a.site.country),
            get("site.pue", 3),
            get("site.wue", 3),
            get("energy.spot_mean", 1),
            get("energy.price", 1),
            get("energy.cost_annual", 1),
            get("energy.carbon_annual", 0),
            get("energy.per_accelerator_hour", 4),
        ]);
        if let Some(d) = &a.dispatch {
            let (s, cost) = (&d.dispatch.sizes, d.cost().eur());
            dispatched.push(vec![
                asked.to_owned(),
                number(Some(cost / 1e6), 1),
                number((a.site.used_hours > 0.0).then(|| cost / a.site.used_hours), 4),
                number(Some(d.carbon.matched_own.percent()), 1),
                number(d.solar.map(Power::mw), 1),
                number(d.wind.map(Power::mw), 1),
                number(Some(s.battery_power.mw()), 1),
                number(Some(s.battery_energy.mwh()), 1),
                number(d.worth.connection.map(PowerRate::eur_per_kw_year), 2),
            ]);
        }
    };
    row("the file", a);
    let mut refused = String::new();
    for other in others {
        match &other.answer {
            Ok(answer) => row(&other.asked, answer),
            Err(refusal) => refused.push_str(&format!("{}: {}\n", other.asked, refusal.text())),
        }
    }
    let mut sides = vec![Side::Left, Side::Left];
    sides.extend([Side::Right; 7]);
    let mut out = format!(
        "\nThe same site elsewhere (synthetic weather and prices there)\n{}{refused}",
        table(&sides, &rows)
    );
    if dispatched.len() > 1 {
        let mut sides = vec![Side::Left];
        sides.extend([Side::Right; 8]);
        out.push_str(&format!(
            "\nThe same, dispatched; the last column is what one more kilowatt of connection is worth\n{}",
            table(&sides, &dispatched)
        ));
    }
    out
}
