//! The page of an access question.

use super::Found;
use crate::console::bold;
use crate::context::Context;
use crate::layout::{PAGE, Side, flow, table, wrap};

const DAY: f64 = 86_400.0;

pub(super) fn page(context: &Context, f: &Found) -> String {
    let figures = context.figures();
    let count = |x: f64| figures.count(x.round().max(0.0) as usize);
    let who = f.state.as_ref().map_or_else(String::new, |s| format!(" from {}", s.to_uppercase()));
    let mut segments = vec![
        bold(&format!("Access for {}{who}", f.user.word()), context.console.out_colour),
        format!("{} accelerator-hours", count(f.hours)),
        format!("{} at once", count(f.gpus)),
    ];
    let hash: String = f.stamp.inputs_sha256.chars().take(8).collect();
    segments.push(format!("gigatwin {} · seed {} · inputs {hash}", f.stamp.version, f.stamp.seed));
    let mut out: String = flow(&segments, PAGE).iter().map(|l| format!("{l}\n")).collect();
    if let Some(reason) = &f.refusal {
        out.push('\n');
        out.push_str(&paragraph(&format!("No: {reason}.")));
    }
    let days = |s: f64| figures.decimal(s / DAY, 0);
    let mut rows = vec![
        vec!["class".to_owned(), f.class.id.clone()],
        vec!["application".to_owned(), f.class.route.clone()],
    ];
    if let Some([low, mode, high]) = f.lead {
        let text = format!("{} days [{}–{}]", days(mode), days(low), days(high));
        rows.push(vec!["until access".to_owned(), text]);
    }
    rows.push(vec!["limits".to_owned(), limits(context, f)]);
    if let Some(w) = &f.wait {
        rows.push(vec![
            "wait of a job".to_owned(),
            format!(
                "{} [{}–{}], mean {}",
                span(context, w.p50),
                span(context, w.p10),
                span(context, w.p90),
                span(context, w.mean)
            ),
        ]);
    }
    let free: f64 = f.sources.iter().filter(|s| s.free).map(|s| s.hours).sum();
    let paid = (f.hours - free).max(0.0);
    let price = if f.refusal.is_some() {
        "–".to_owned()
    } else if paid == 0.0 {
        "free of charge".to_owned()
    } else {
        format!("EUR {} per hour, EUR {} in all", figures.decimal(f.price, 2), count(paid * f.price))
    };
    let cost =
        f.cost.map_or_else(String::new, |c| format!("; an hour costs EUR {} to make", figures.decimal(c, 2)));
    rows.push(vec!["price".to_owned(), price + &cost]);
    let open: f64 = f.sources.iter().map(|s| s.hours).sum();
    if open > 0.0 && f.refusal.is_none() {
        rows.push(vec![
            "hours".to_owned(),
            format!(
                "{} a year are open to such users; this takes {} % and leaves {}",
                count(open),
                figures.decimal(100.0 * f.hours / open, 2),
                count(open - f.hours)
            ),
        ]);
    }
    out.push('\n');
    for row in &rows {
        let lines = wrap(&row[1], PAGE - 18);
        for (i, line) in lines.iter().enumerate() {
            let label = if i == 0 { row[0].as_str() } else { "" };
            out.push_str(&format!("  {label:<15} {line}\n"));
        }
    }
    if !f.sources.is_empty() {
        let mut list = vec![["whose hours", "part", "a year", "price"].map(str::to_owned).to_vec()];
        for s in &f.sources {
            let price = if s.free { "free".to_owned() } else { "paid".to_owned() };
            list.push(vec![s.tenant.clone(), s.part.clone(), count(s.hours), price]);
        }
        out.push('\n');
        out.push_str(&table(&[Side::Left, Side::Left, Side::Right, Side::Left], &list));
    }
    out.push('\n');
    if f.outside {
        let list = if f.way_in.is_empty() { "none in the catalog".to_owned() } else { f.way_in.join(", ") };
        out.push_str(&paragraph(&format!(
            "{} has no part of this site: of the public hours the Union's alone are open to it. Its own way in: {list}.",
            f.state.as_deref().unwrap_or("").to_uppercase()
        )));
    }
    if let Some(w) = &f.wait {
        out.push_str(&paragraph(&format!(
            "Wait: {} simulated jobs, nodes {}, {} h each, under Slurm's priorities on partition {} at {} % utilisation, the rest of the work as on \
             a large shared cluster; how far it holds for this site is not validated. Class limits and times to access are those \
             of AI factories and EuroHPC: nothing is decided for gigafactories.",
            w.jobs,
            f.nodes,
            figures.decimal(f.job_hours, 1),
            f.partition.name,
            figures.decimal(100.0 * f.utilisation.fraction(), 0),
        )));
    }
    out
}

/// What the class allows, in words.
fn limits(context: &Context, f: &Found) -> String {
    let figures = context.figures();
    let mut parts =
        vec![format!("jobs of {} h at most", figures.decimal(f.class.time_limit.s() / 3600.0, 0))];
    if let Some(most) = f.most {
        parts.push(format!("{} accelerators at once", figures.count(most as usize)));
    }
    if let Some(hours) = f.class.project_hours {
        parts.push(format!("{} hours a project", figures.count(hours as usize)));
    }
    if f.class.requeues {
        parts.push("may be stopped for the reserve, to wait again".to_owned());
    }
    parts.join("; ")
}

/// Seconds as seconds, minutes or hours.
fn span(context: &Context, seconds: f64) -> String {
    let f = context.figures();
    match seconds {
        s if s < 120.0 => format!("{} s", f.decimal(s, 0)),
        s if s < 7200.0 => format!("{} min", f.decimal(s / 60.0, 0)),
        s if s < 48.0 * 3600.0 => format!("{} h", f.decimal(s / 3600.0, 1)),
        s => format!("{} days", f.decimal(s / DAY, 1)),
    }
}

fn paragraph(text: &str) -> String {
    wrap(text, PAGE - 2).iter().map(|l| format!("  {l}\n")).collect()
}
