//! `finance`: the money of a site month by month, in every legal form of public money.

mod book;
mod files;
mod json;
mod page;
mod report;
mod tables;

use gigatwin_factory::finance::{Refusal, SiteFinance, site_finance};
use gigatwin_factory::run as evaluate;
use gigatwin_finance::irr::Irr;

use crate::args::finance::{Finance, Reader};
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{files as disk, stats};

/// Something that must be said about a cash flow.
struct Finding {
    code: &'static str,
    /// Whether the answer is no because of it.
    no: bool,
    message: String,
    hint: &'static str,
}

pub(super) fn run(context: &Context, args: &Finance) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let site = match site_finance(&usable.factory, &catalog, context.seed, args.draws) {
        Ok(site) => site,
        Err(Refusal::Infeasible(reason)) => return no(context, &reason),
        Err(refusal) => return Err(fault(&refusal, args)),
    };
    let found = findings(&site);
    let factory = &usable.factory;
    // Gates and hours of States stand in the whole outcome; only reports need it.
    let outcome =
        (args.reader.is_some() || args.out.is_some()).then(|| evaluate(factory, context.seed, args.draws));
    let report_for = |reader| {
        outcome.as_ref().map(|outcome| {
            let pen = page::Pen(context.figures());
            let sources = &usable.loaded.sources;
            let facts = report::Facts { pen, site: &site, factory, sources, outcome, found: &found };
            report::report(&facts, reader)
        })
    };
    let save = |path: &std::path::Path, bytes: &[u8]| disk::write(&context.messages, path, bytes);
    if let Some(folder) = &args.out {
        files::write(context, folder, &site, factory)?;
        for reader in [Reader::Cfo, Reader::Evaluator, Reader::Ministry] {
            if let Some(report) = report_for(reader) {
                let name = format!("report-{}.html", report::word(reader));
                save(&folder.join(name), report.html().as_bytes())?;
            }
        }
    }
    if let Some(path) = &args.xlsx {
        save(path, &book::bytes(&site, factory)?)?;
    }
    let own = args.reader.and_then(report_for);
    if let (Some(path), Some(report)) = (&args.html, &own) {
        save(path, report.html().as_bytes())?;
    }
    if context.json {
        context.json(&json::json(&site, &found))?;
    } else {
        let page = match &own {
            Some(report) => report::text(report, context.console.out_colour),
            None => page::text(context, &site, &found),
        };
        context.data(&page)?;
        for path in [&args.out, &args.xlsx, &args.html].into_iter().flatten() {
            context.console.talk(&format!("written: {}\n", path.display()));
        }
    }
    let months = site.base.work.outlays().len() + site.base.work.periods().len();
    stats::say(context, &[("months", months), ("forms", site.forms.len()), ("draws", site.draws)]);
    Ok(if found.iter().any(|f| f.no) { Exit::No } else { Exit::Done })
}

fn no(context: &Context, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        context.json(&serde_json::json!({"answer": "no", "status": "infeasible", "reason": reason}))?;
    } else {
        context.data(&format!("{reason}\n"))?;
    }
    Ok(Exit::No)
}

fn fault(refusal: &Refusal, args: &Finance) -> Fault {
    let (code, hint) = match refusal {
        Refusal::MissingFact(_) => ("G603", "give price = \"EUR … m\" for one unit in that [[partition]]"),
        _ => ("G606", "lower the shares of tenants, or ask for less public money"),
    };
    Fault::NotUnderstood {
        code,
        message: refusal.to_string(),
        hint: hint.to_owned(),
        file: Some(args.file.display().to_string()),
    }
}

fn findings(site: &SiteFinance) -> Vec<Finding> {
    let o = &site.base.core.outcome;
    let mut out = Vec::new();
    if let Some(s) = o.shortfall {
        out.push(Finding {
            code: "G600",
            no: true,
            message: format!(
                "debt cannot be served: EUR {:.1} m short in {}",
                s.amount.million(),
                s.date.month_text()
            ),
            hint: "lower finance.debt.share, ask for a higher dscr, or lengthen the tenor",
        });
    }
    for (who, irr) in [("shareholders'", o.equity.xirr), ("project's", o.project.xirr)] {
        match irr {
            Irr::Rate(_) => {}
            Irr::None => out.push(Finding {
                code: "G601",
                no: false,
                message: format!("no rate of return: the {who} flows are worth nothing at no rate between -99.99 % and 10,000 %"),
                hint: "read the values at the discount rates instead",
            }),
            Irr::Several { low, high, count } => out.push(Finding {
                code: "G601",
                no: false,
                message: format!(
                    "no single rate of return: the {who} flows have {count}, the lowest {:.2} %, the highest {:.2} %",
                    100.0 * low,
                    100.0 * high
                ),
                hint: "read the values at the discount rates instead",
            }),
        }
    }
    out
}
