//! `validate`: predicted against measured, row by row.

use gigatwin_validation::report::{Prediction, Report};
use gigatwin_validation::training::ablate::{ablate as run_ablations, ablations};
use gigatwin_validation::{DOMAINS, validate};

use crate::args::Validate;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{PAGE, Side, table, wrap};
use crate::{files, stats};

/// Rows shown before `--full` is asked for.
const WORST: usize = 20;

pub(super) fn run(context: &Context, args: &Validate) -> Result<Exit, Fault> {
    let data = match &args.data {
        Some(path) => Some(files::read_text(&context.messages, path)?),
        None => None,
    };
    let domains: Vec<&str> = match &args.domain {
        Some(domain) => vec![known(context, domain)?],
        None => DOMAINS.to_vec(),
    };
    if args.ablate {
        return ablate(context, domains.first().copied().unwrap_or_default());
    }
    let mut reports = Vec::new();
    for domain in domains {
        reports.push(validate(domain, data.as_deref()).map_err(|e| {
            let file = args.data.as_ref().map_or_else(|| domain.to_owned(), |p| p.display().to_string());
            Fault::NotUnderstood {
                code: "G403",
                message: context
                    .messages
                    .fill("fault.bad_data", &[("file", &file), ("reason", &e.to_string())]),
                hint: String::new(),
                file: Some(file),
            }
        })?);
    }
    match (&args.domain, reports.first()) {
        (Some(_), Some(report)) if context.json => context.json(report)?,
        _ if context.json => context.json(&reports)?,
        _ => {
            let text: Vec<String> = reports.iter().map(|r| page(context, r, args.full)).collect();
            context.data(&text.join("\n"))?;
        }
    }
    let rows = reports.iter().map(|r| r.rows).sum();
    let answered: usize = reports.iter().map(|r| r.answered).sum();
    stats::say(context, &[("domains", reports.len()), ("rows", rows), ("answered", answered)]);
    Ok(if answered == 0 { Exit::No } else { Exit::Done })
}

/// What each part of the training model is worth.
fn ablate(context: &Context, domain: &str) -> Result<Exit, Fault> {
    if domain != "training" {
        return Err(Fault::NotUnderstood {
            code: "G528",
            message: format!("--ablate knows the parts of training, not of {domain}"),
            hint: "gigatwin validate training --ablate".to_owned(),
            file: None,
        });
    }
    let (mut n, all) = (0, ablations());
    let list = run_ablations(|part| {
        n += 1;
        context.console.talk(&format!("{n} of {all}: without {part}\n"));
    })
    .map_err(|e| Fault::NotUnderstood {
        code: "G403",
        message: e.to_string(),
        hint: String::new(),
        file: None,
    })?;
    if context.json {
        context.json(&list)?;
    } else {
        let f = context.figures();
        let mut rows = vec![
            ["without", "median", "P90", "bias", "better with it", "worse", "most", ""]
                .map(str::to_owned)
                .to_vec(),
        ];
        for a in &list {
            let most = if a.best_gain_pct > 0.1 {
                [format!("{} points", f.decimal(a.best_gain_pct, 1)), a.best_cell.clone()]
            } else {
                [String::new(), String::new()]
            };
            let [gain, cell] = most;
            rows.push(vec![
                a.part.to_owned(),
                f.decimal(a.median_abs_pct, 1),
                f.decimal(a.p90_abs_pct, 1),
                f.decimal(a.bias_pct, 1),
                a.cells_improved.to_string(),
                a.cells_worsened.to_string(),
                gain,
                cell,
            ]);
        }
        let r = Side::Right;
        let text = table(&[Side::Left, r, r, r, r, r, r, Side::Left], &rows);
        context.data(&format!(
            "Step time out of fold, per cent, with all parameters fitted again; cells that are better with the part\n{text}"
        ))?;
    }
    stats::say(context, &[("calibrations", list.len())]);
    Ok(Exit::Done)
}

fn known(context: &Context, wanted: &str) -> Result<&'static str, Fault> {
    DOMAINS.iter().copied().find(|d| *d == wanted).ok_or_else(|| Fault::NotUnderstood {
        code: "G104",
        message: context.messages.fill("fault.unknown_domain", &[("name", wanted)]),
        hint: context.messages.fill("fault.one_of", &[("list", &DOMAINS.join(", "))]),
        file: None,
    })
}

fn page(context: &Context, r: &Report, full: bool) -> String {
    let m = &context.messages;
    let f = context.figures();
    let say = |key: &str| m.say(key).to_owned();
    let counts = [("domain", r.domain), ("answered", &r.answered.to_string()), ("rows", &r.rows.to_string())];
    let mut out = format!("{}\n\n", bold(&m.fill("validate.title", &counts), context.console.out_colour));
    let pct = |v: f64| if v.is_finite() { f.decimal(v, 1) } else { "–".to_owned() };

    let mut rows = vec![vec![
        say("validate.metric"),
        say("validate.class"),
        say("validate.cells"),
        say("validate.rows"),
        say("validate.mean"),
        say("validate.median"),
        say("validate.p90"),
        say("validate.max"),
        say("validate.bias"),
        say("validate.coverage"),
        say("validate.width"),
        say("validate.fold"),
    ]];
    for h in &r.headline {
        rows.push(vec![
            h.metric.to_owned(),
            h.class.to_owned(),
            h.cells.to_string(),
            h.rows.to_string(),
            pct(h.mean_abs_pct),
            pct(h.median_abs_pct),
            pct(h.p90_abs_pct),
            pct(h.max_abs_pct),
            pct(h.bias_pct),
            pct(h.coverage_pct),
            pct(h.band_width_pct),
            fold(h.fold).to_owned(),
        ]);
    }
    let mut sides = vec![Side::Left, Side::Left];
    sides.extend([Side::Right; 9]);
    out.push_str(&table(&sides, &rows));
    out.push('\n');
    for h in &r.headline {
        if let Some(right) = h.right_pct {
            let (right, rows) = (pct(right), h.rows.to_string());
            out.push_str(&m.fill("validate.right", &[("class", h.class), ("right", &right), ("n", &rows)]));
            out.push('\n');
        }
    }
    for line in wrap(m.say("validate.unit"), PAGE - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    out.push('\n');

    if let Some(p) = r.parameters {
        out.push_str(&format!(
            "  Fitted: {} parameters for every chip, and up to {} factors on each of {} chips; none per source, model or row.\n\n",
            p.global, p.per_chip, p.chips
        ));
    }
    let mut rows = vec![vec![
        say("validate.cell"),
        say("validate.metric"),
        say("validate.rows"),
        say("validate.median"),
        say("validate.bias"),
    ]];
    for c in &r.cells {
        rows.push(vec![
            c.cell.clone(),
            c.metric.to_owned(),
            c.rows.to_string(),
            pct(c.median_abs_pct),
            pct(c.bias_pct),
        ]);
    }
    out.push_str(&table(&[Side::Left, Side::Left, Side::Right, Side::Right, Side::Right], &rows));
    out.push('\n');

    let all = r.predictions.len();
    let shown = if full { all } else { all.min(WORST) };
    let key = if shown == all { "validate.all_rows" } else { "validate.worst" };
    out.push_str(&m.fill(key, &[("n", &shown.to_string()), ("all", &all.to_string())]));
    out.push('\n');
    let mut rows = vec![vec![
        say("validate.row"),
        say("validate.metric"),
        say("validate.predicted"),
        say("validate.band"),
        say("validate.measured"),
        say("validate.error"),
    ]];
    rows.extend(r.predictions.iter().take(shown).map(|p| prediction(context, p)));
    out.push_str(&table(
        &[Side::Left, Side::Left, Side::Right, Side::Right, Side::Right, Side::Right],
        &rows,
    ));

    if !r.refused.is_empty() {
        out.push('\n');
        out.push_str(&m.fill("validate.refused", &[("n", &r.refused.len().to_string())]));
        out.push('\n');
        let shown = if full { r.refused.len() } else { r.refused.len().min(WORST) };
        let rows: Vec<Vec<String>> = r
            .refused
            .iter()
            .take(shown)
            .map(|x| {
                let weight = if x.fully_specified { say("validate.refused_full") } else { String::new() };
                vec![x.id.clone(), x.reason.clone(), weight]
            })
            .collect();
        out.push_str(&table(&[Side::Left; 3], &rows));
        if shown < r.refused.len() {
            let more = (r.refused.len() - shown).to_string();
            out.push_str(&format!("  {}\n", m.fill("page.more", &[("n", &more)])));
        }
    }
    out
}

fn prediction(context: &Context, p: &Prediction) -> Vec<String> {
    let f = context.figures();
    // Units differ from metric to metric and stand in its name (step_time_s, memory_gib).
    let number = |v: f64| f.plain(v);
    vec![
        p.id.clone(),
        p.metric.to_owned(),
        number(p.predicted),
        format!("[{}–{}]", number(p.low), number(p.high)),
        number(p.measured),
        f.change(p.error()),
    ]
}

fn fold(fold: gigatwin_validation::report::Fold) -> &'static str {
    use gigatwin_validation::report::Fold;
    match fold {
        Fold::Out => "out",
        Fold::In => "in",
        Fold::None => "none",
    }
}
