//! What `programme` writes: a synthetic set of bids, and tables of the answer.

use std::fs;
use std::path::Path;

use gigatwin_output::{Table, TableError};
use gigatwin_quantity::Dim;
use gigatwin_study::realise::MEASURES;
use gigatwin_study::synthetic::generate;

use super::{Found, claims, json};
use crate::context::Context;
use crate::exit::Fault;
use crate::files;

/// Writes a synthetic set into a folder that holds no TOML file yet.
pub(super) fn write_synthetic(context: &Context, folder: &Path, count: usize) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|e| files::cannot_write(&context.messages, folder, &e))?;
    let taken = fs::read_dir(folder)
        .map_err(|e| files::cannot_write(&context.messages, folder, &e))?
        .filter_map(Result::ok)
        .any(|e| e.path().extension().is_some_and(|e| e == "toml"));
    if taken {
        return Err(Fault::NotUnderstood {
            code: "G628",
            message: format!("{} already holds TOML files", folder.display()),
            hint: "name an empty folder for --synthetic, or leave the option out to read what is there"
                .to_owned(),
            file: None,
        });
    }
    for (name, text) in generate(count, context.seed) {
        files::write(&context.messages, &folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Writes the tables.
pub(super) fn write(context: &Context, folder: &Path, found: &Found) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|e| files::cannot_write(&context.messages, folder, &e))?;
    let mut tables = vec![("bids", bids(found)), ("states", states(found)), ("gates", gates(found))];
    if let Some(r) = &found.realised {
        let mut draws = Table::new().integer("draw", "", (0..r.worlds.len()).map(|i| i as i64));
        for (i, m) in MEASURES.iter().enumerate() {
            let factor = match m.dim {
                Dim::Time => 1.0 / 2_629_746.0,
                _ => 1.0,
            };
            let unit = if m.dim == Dim::Date { "days since 1970-01-01" } else { json::unit(m.dim) };
            let column = claims::column(&r.worlds, i).into_iter().map(|v| v.map(|v| v * factor));
            draws = draws.number(&m.id.replace('.', "_"), unit, column);
        }
        tables.push(("draws", draws));
        let claim = |f: &dyn Fn(usize) -> String| (0..r.claims.len()).map(f).collect::<Vec<_>>();
        tables.push((
            "claims",
            Table::new()
                .text("id", claim(&|i| r.claims[i].0.id.clone()))
                .text("title", claim(&|i| r.claims[i].0.title.clone()))
                .text("verdict", claim(&|i| r.claims[i].1.verdict.word().to_owned()))
                .number("probability", "1", r.claims.iter().map(|c| c.1.probability))
                .text("source", claim(&|i| r.claims[i].0.source.clone())),
        ));
    }
    let failed = |e: TableError| Fault::Environment(e.to_string());
    for (name, table) in tables {
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        files::write(&context.messages, &path("parquet"), &table.parquet(&found.stamp).map_err(failed)?)?;
        files::write(&context.messages, &path("csv"), &table.csv().map_err(failed)?)?;
    }
    Ok(())
}

fn bids(found: &Found) -> Table {
    let s = &found.selection;
    let standing = |i: usize| s.eligible.iter().position(|e| *e == i).map(|p| &s.ranking.standings[p]);
    let n = found.bids.len();
    let value = |id: &'static str, factor: f64| {
        (0..n).map(move |i| found.judged[i].value(id).map(|v| v * factor)).collect::<Vec<_>>()
    };
    Table::new()
        .text("id", found.bids.iter().map(|b| b.slug.as_str()))
        .text("name", found.bids.iter().map(|b| b.name.as_str()))
        .text("state", found.bids.iter().map(|b| b.state.to_uppercase()))
        .text("origin", found.bids.iter().map(|b| b.origin.word()))
        .number("lot", "", found.bids.iter().map(|b| b.lot.map(f64::from)))
        .text("standing", found.judged.iter().map(|j| j.standing.word()))
        .integer("chosen", "", (0..n).map(|i| i64::from(found.chosen.contains(&i))))
        .number("rank", "", (0..n).map(|i| standing(i).map(|s| s.rank as f64)))
        .number("score", "1", (0..n).map(|i| standing(i).map(|s| s.score)))
        .number("score_p10", "1", (0..n).map(|i| standing(i).map(|s| s.band[0])))
        .number("score_p90", "1", (0..n).map(|i| standing(i).map(|s| s.band[2])))
        .number("it_power", "MW", value("site.it_power", 1e-6))
        .number("h100_equivalents", "H100e", value("site.h100_equivalents", 1.0))
        .number("capex_total", "EUR", value("cost.capex_total", 1.0))
        .number("union", "EUR", value("funding.union", 1.0))
        .number("states", "EUR", value("funding.states", 1.0))
        .number("irr_equity", "1", value("finance.irr_equity", 1.0))
        .number("opening", "days since 1970-01-01", value("schedule.opening", 1.0))
        .text("source", found.bids.iter().map(|b| b.source.as_str()))
}

fn gates(found: &Found) -> Table {
    let all: Vec<_> = found
        .bids
        .iter()
        .zip(&found.judged)
        .flat_map(|(b, j)| j.gates.iter().map(move |g| (b.slug.as_str(), g)))
        .collect();
    Table::new()
        .text("bid", all.iter().map(|(b, _)| *b))
        .text("gate", all.iter().map(|(_, g)| g.id.as_str()))
        .text("status", all.iter().map(|(_, g)| g.status.word()))
        .integer("hard", "", all.iter().map(|(_, g)| i64::from(g.hard)))
        .text("reason", all.iter().map(|(_, g)| g.reason.as_str()))
}

fn states(found: &Found) -> Table {
    let l = &found.ledger;
    Table::new()
        .text("state", l.iter().map(|l| l.state.to_uppercase()))
        .integer("signed", "", l.iter().map(|l| i64::from(l.signed)))
        .integer("bids", "", l.iter().map(|l| l.bids as i64))
        .integer("sites", "", l.iter().map(|l| l.hosts as i64))
        .number("promised", "EUR", l.iter().map(|l| l.promised.map(|m| m.eur())))
        .number("pays", "EUR", l.iter().map(|l| Some(l.pays.eur())))
        .number("pays_later", "EUR", l.iter().map(|l| Some(l.pays_later.eur())))
        .number("hours_per_year", "h", l.iter().map(|l| Some(l.hours)))
        .number("cost_per_hour", "EUR/h", l.iter().map(gigatwin_study::programme::Line::cost_per_hour))
}
