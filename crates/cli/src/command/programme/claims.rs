//! The chain and the claims on the page.

use gigatwin_quantity::Dim;
use gigatwin_study::realise::{MEASURES, Measure, Verdict, World, world};

use super::page::{paragraph, title};
use super::{Found, LEVER_DRAWS, Realised};
use crate::console::bold;
use crate::context::Context;
use crate::figure_text::Figures;
use crate::layout::{Side, table};

/// The steps of the chain that the page shows, in order.
const STEPS: &[&str] = &[
    "bids.interested",
    "bids.submitted",
    "bids.signatory",
    "bids.eligible",
    "sites.chosen",
    "sites.realised",
    "sites.open_2028",
    "sites.open_2030",
    "sites.first_opening",
    "realised.cost",
    "realised.union",
    "realised.private",
    "realised.h100e",
    "realised.union_hours",
    "realised.states_hours",
    "europe.compute_share",
];

pub(super) fn text(context: &Context, found: &Found, realised: &Realised) -> String {
    let f = context.figures();
    let mut out = title(context, "Can it be realised?");
    out.push_str(&paragraph(&in_short(context, realised)));
    out.push_str(&title(context, "From interest to hours"));
    let mut rows = vec![["", "P10", "P50", "P90", ""].map(str::to_owned).to_vec()];
    for id in STEPS {
        let Some(measure) = MEASURES.iter().find(|m| m.id == *id) else { continue };
        let Some((band, share)) = world::band(&realised.worlds, id) else {
            rows.push(vec![measure.label.to_owned(), "never".to_owned()]);
            continue;
        };
        let mut row = vec![measure.label.to_owned()];
        row.extend(band.map(|v| value(f, measure, v)));
        row.push(if share < 0.999 {
            format!("in {} % of the draws", f.decimal(100.0 * share, 0))
        } else {
            String::new()
        });
        rows.push(row);
    }
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Left], &rows));
    if realised.blind > 0 {
        out.push_str(&paragraph(&format!(
            "{} of {} bids have no public site: the draws cannot see them, and every figure here is without them.",
            realised.blind,
            found.bids.len()
        )));
    }
    out.push_str(&paragraph(&format!(
        "{} draws. Sponsors invest where the equity return reaches what they ask for ({}–{} %). gigatwin validate sites shows how well real sites are foreseen; prices of hours are not validated.",
        realised.worlds.len(),
        f.decimal(100.0 * found.assumptions.hurdle.low, 0),
        f.decimal(100.0 * found.assumptions.hurdle.high, 0),
    )));
    out.push_str(&what_if(context, realised));
    out.push_str(&title(context, "What was announced"));
    for (claim, answer) in &realised.claims {
        let word = verdict(context, answer.verdict);
        let probability = answer.probability.map_or_else(String::new, |p| {
            format!(" · met in {} % of the draws", f.decimal(100.0 * p, if p < 0.1 { 1 } else { 0 }))
        });
        out.push_str(&paragraph(&format!(
            "{word}  {}{probability}",
            bold(&claim.title, context.console.out_colour)
        )));
        let mut more =
            vec![format!("{} ({}, {}, {})", claim.text, claim.who, claim.date, claim.confidence.word())];
        if let Some(by) = &claim.superseded {
            more.push(format!("Superseded: {by}"));
        }
        if let Some((_, record)) = &claim.record {
            more.push(format!("On record: {record}"));
        }
        if !claim.why_not.is_empty() {
            more.push(format!("Not testable: {}", claim.why_not));
        }
        if let Some(band) = answer.band {
            let at = claim.test.map(|t| t.measure).or(claim.nearest);
            if let Some(measure) = at.map(|m| &MEASURES[m]) {
                let [low, middle, high] = band.map(|v| value(f, measure, v));
                let kind = if claim.test.is_some() { "" } else { "Nearest thing that can be counted: " };
                more.push(format!("{kind}{}: {middle} [{low}–{high}]", measure.label));
            }
        }
        if !claim.needs.is_empty() {
            more.push(format!("Needs: {}", claim.needs));
        }
        if !answer.levers.is_empty() {
            let moved: Vec<String> = answer
                .levers
                .iter()
                .map(|(label, d)| {
                    format!(
                        "{label} {}{} points",
                        if *d > 0.0 { "+" } else { "−" },
                        f.decimal(100.0 * d.abs(), 0)
                    )
                })
                .collect();
            more.push(format!("Levers: {}", moved.join(" · ")));
        } else if !answer.moves.is_empty()
            && let Some(measure) = claim.test.map(|t| t.measure).or(claim.nearest).map(|m| &MEASURES[m])
        {
            let moved: Vec<String> = answer
                .moves
                .iter()
                .map(|(label, from, to)| {
                    format!("{label} {} → {}", value(f, measure, *from), value(f, measure, *to))
                })
                .collect();
            more.push(format!("No lever decides it alone; the middle moves: {}", moved.join(" · ")));
        } else if claim.test.is_some() {
            more.push("No lever alone moves it.".to_owned());
        }
        if let Some(p) = answer.together {
            more.push(format!(
                "With all levers together: met in {} % of the draws.",
                f.decimal(100.0 * p, 0)
            ));
        }
        for line in more {
            out.push_str(&paragraph(&line).lines().map(|l| format!("  {l}\n")).collect::<String>());
        }
    }
    out.push_str(&paragraph(&format!(
        "Met: in at least 80 % of the draws; missed: in at most 20 %. Levers: change in percentage points over {LEVER_DRAWS} draws, all else equal."
    )));
    out
}

/// The answer in three sentences.
fn in_short(context: &Context, realised: &Realised) -> String {
    let f = context.figures();
    let middle = |id: &str| world::band(&realised.worlds, id).map_or(0.0, |b| b.0[1]);
    let Some((base, rest)) = realised.what_if.split_first() else { return String::new() };
    let Some((all, single)) = rest.split_last() else { return String::new() };
    let share = |x: f64| format!("{} %", f.decimal(100.0 * x, 0));
    let count = |verdict: Verdict| realised.claims.iter().filter(|(_, a)| a.verdict == verdict).count();
    let best = single.iter().max_by(|a, b| a.any.total_cmp(&b.any));
    let best = best.map_or_else(String::new, |b| {
        format!(" The single change that helps most is {}: {}.", b.label, share(b.any))
    });
    format!(
        "In {} of the draws at least one site is worth its sponsors' money; in the middle draw {} of {} chosen sites are, and {} are open by the end \
         of 2030.{best} With all changes together it is {}, with {} sites open by then on average. Of {} announcements {} are met, {} missed, \
         {} superseded and {} cannot be said.",
        share(base.any),
        f.decimal(middle("sites.realised"), 0),
        f.decimal(middle("sites.chosen"), 0),
        f.decimal(middle("sites.open_2030"), 0),
        share(all.any),
        f.decimal(all.open_2030, 1),
        realised.claims.len(),
        count(Verdict::Met),
        count(Verdict::Missed),
        count(Verdict::Superseded),
        count(Verdict::Unknown),
    )
}

/// What each lever alone would do.
fn what_if(context: &Context, realised: &Realised) -> String {
    let f = context.figures();
    let mut rows =
        vec![["", "at least one site", "sites", "open by 2030", "private money"].map(str::to_owned).to_vec()];
    for w in &realised.what_if {
        rows.push(vec![
            w.label.to_owned(),
            format!("{} %", f.decimal(100.0 * w.any, 0)),
            f.decimal(w.realised, 2),
            f.decimal(w.open_2030, 2),
            format!("EUR {} bn", f.decimal(w.private / 1e9, 1)),
        ]);
    }
    let sides = [Side::Left, Side::Right, Side::Right, Side::Right, Side::Right];
    let means = format!(
        "Means over {LEVER_DRAWS} draws, each line with one thing changed: sites worth investing in, those open by the end of 2030."
    );
    format!("{}{}{}", title(context, "What if"), table(&sides, &rows), paragraph(&means))
}

/// A value of a measure as text.
pub(super) fn value(f: Figures<'_>, measure: &Measure, v: f64) -> String {
    match measure.dim {
        Dim::Count if v.abs() < 1000.0 => f.decimal(v, 0),
        Dim::Count => f.count(v.round().max(0.0) as usize),
        Dim::Ratio => f.decimal(v, 2),
        dim => f.value(dim, v),
    }
}

fn verdict(context: &Context, v: Verdict) -> String {
    bold(&format!("{:<10}", v.word()), context.console.out_colour)
}

/// The worlds of one measure, for tables.
pub(super) fn column(worlds: &[World], i: usize) -> Vec<Option<f64>> {
    worlds.iter().map(|w| w.values.get(i).copied().filter(|v| v.is_finite())).collect()
}
