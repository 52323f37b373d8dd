//! The folder of `--out`: flows and links as tables, loads as pictures.

use std::path::Path;

use gigatwin_fabric::flow::{Loads, Topology};
use gigatwin_output::{Heatmap, Stamp, Table, TableError};
use gigatwin_quantity::Time;

use super::Found;
use super::setting::Setting;
use crate::context::Context;
use crate::exit::Fault;
use crate::files;

/// Most cells of a picture in each direction; more are taken together, the busiest speaks for them.
const CELLS: usize = 256;

pub(super) fn write(context: &Context, folder: &Path, setting: &Setting, found: &Found) -> Result<(), Fault> {
    let messages = &context.messages;
    std::fs::create_dir_all(folder).map_err(|e| files::cannot_write(messages, folder, &e))?;
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: setting.sha256.clone(),
    };
    let failed = |e: TableError| Fault::Environment(e.to_string());
    let (name, table) = match found {
        Found::Pattern { .. } => ("flows.parquet", flows(found)),
        Found::Job { .. } => ("phases.parquet", phases(found)),
    };
    files::write(messages, &folder.join(name), &table.parquet(&stamp).map_err(failed)?)?;
    if let Some(proof) = certificate(found, &setting.topology) {
        let table = proof.parquet(&stamp).map_err(failed)?;
        files::write(messages, &folder.join("certificate.parquet"), &table)?;
    }
    let (loads, time) = loads_of(found);
    let Some(loads) = loads else { return Ok(()) };
    let links = links(&setting.topology, loads, time).parquet(&stamp).map_err(failed)?;
    files::write(messages, &folder.join("links.parquet"), &links)?;
    for (tier, t) in setting.topology.tiers().iter().enumerate() {
        let map = picture(&setting.topology, tier, loads, time, &stamp);
        let name = format!("load-{}.svg", t.name.replace(' ', "-").replace('+', "-forth"));
        files::write(messages, &folder.join(name), map.svg().as_bytes())?;
    }
    Ok(())
}

/// Loads and the time they took.
pub(super) fn loads_of(found: &Found) -> (Option<&Loads>, Time) {
    match found {
        Found::Pattern { outcome, .. } => (outcome.loads.as_ref(), outcome.makespan),
        Found::Job { replay, .. } => (replay.loads.as_ref(), replay.makespan),
    }
}

fn flows(found: &Found) -> Table {
    let Found::Pattern { flows, outcome, .. } = found else { return Table::new() };
    let all = || (0..flows.count()).map(|i| flows.flow(i));
    Table::new()
        .integer("from", "", all().map(|f| i64::from(f.from)))
        .integer("to", "", all().map(|f| i64::from(f.to)))
        .number("bytes", "B", all().map(|f| f.bytes.bytes()))
        .number("start", "s", all().map(|f| f.start.s()))
        .number("end", "s", (0..flows.count()).map(|i| outcome.end(i).map(Time::s)))
}

fn phases(found: &Found) -> Table {
    let Found::Job { replay, .. } = found else { return Table::new() };
    let rows = || replay.phases.iter().flat_map(|p| p.transfers.iter().map(move |t| (p, t)));
    Table::new()
        .text("phase", rows().map(|(p, _)| p.name.clone()))
        .integer("repeat", "", rows().map(|(p, _)| i64::from(p.repeat)))
        .number("start", "s", rows().map(|(p, _)| p.start.s()))
        .number("end", "s", rows().map(|(p, _)| p.end.s()))
        .integer("transfer", "", rows().map(|(_, t)| t.index as i64))
        .integer("flows", "", rows().map(|(_, t)| i64::try_from(t.flows).unwrap_or(i64::MAX)))
        .number("analytic", "s", rows().map(|(_, t)| t.analytic.s()))
        .number("simulated", "s", rows().map(|(_, t)| t.simulated.s()))
}

/// Each solve with its full links and the flows that they limit; nothing where it was not asked for.
fn certificate(found: &Found, topology: &Topology) -> Option<Table> {
    let (list, proven) = match found {
        Found::Pattern { outcome, .. } => (&outcome.witnesses, outcome.certificate),
        Found::Job { replay, .. } => (&replay.witnesses, replay.certificate),
    };
    proven?;
    let label = |link: Option<u32>| link.map_or_else(|| "background".to_owned(), |l| topology.label(l));
    Some(
        Table::new()
            .number("at", "s", list.iter().map(|w| w.at.s()))
            .text("link", list.iter().map(|w| label(w.link)))
            .integer("links", "", list.iter().map(|w| i64::from(w.links)))
            .integer("priority", "", list.iter().map(|w| i64::from(w.priority)))
            .integer("flows", "", list.iter().map(|w| i64::from(w.flows)))
            .number("rate", "B/s", list.iter().map(|w| w.rate.bytes_per_s())),
    )
}

fn links(topology: &Topology, loads: &Loads, time: Time) -> Table {
    let all = || 0..topology.links();
    Table::new()
        .text("tier", all().map(|l| topology.tiers()[topology.place(l).0].name))
        .integer("copy", "", all().map(|l| i64::from(topology.place(l).1)))
        .integer("number", "", all().map(|l| i64::from(topology.place(l).2)))
        .number("rate", "B/s", all().map(|l| topology.rate(l).bytes_per_s()))
        .number("carried", "B", all().map(|l| loads.bytes()[l as usize] as f64))
        .number("use", "1", all().map(|l| loads.use_of(topology, l, time)))
}

/// Switches of a tier downwards, their links across.
fn picture(topology: &Topology, tier: usize, loads: &Loads, time: Time, stamp: &Stamp) -> Heatmap {
    let t = &topology.tiers()[tier];
    let copies = if topology.link(tier, 1, 0).is_some() { topology.copies() } else { 1 };
    // Endpoints have one link each: as wide as high.
    let width = match t.width {
        0 | 1 => (f64::from(t.links)).sqrt().ceil() as usize,
        w => w as usize,
    }
    .max(1);
    let height = (t.links as usize).div_ceil(width) * copies as usize;
    let (columns, rows) = (width.min(CELLS), height.min(CELLS));
    let mut values: Vec<Option<f64>> = vec![None; columns * rows];
    for copy in 0..copies {
        for index in 0..t.links {
            let Some(link) = topology.link(tier, copy, index) else { continue };
            let row = copy as usize * (t.links as usize).div_ceil(width) + index as usize / width;
            let (x, y) = (index as usize % width * columns / width, row * rows / height);
            let load = 100.0 * loads.use_of(topology, link, time);
            let cell = &mut values[y * columns + x];
            *cell = Some(cell.map_or(load, |c| c.max(load)));
        }
    }
    let what = if t.width > 1 { "links of a switch across, switches down" } else { "one cell per endpoint" };
    Heatmap {
        title: format!("Load of {} links ({what})", t.name),
        foot: stamp.line(),
        unit: "% of capacity over the time, busiest in a cell".to_owned(),
        columns,
        values,
        row_labels: vec![(0, "0".to_owned()), (rows.saturating_sub(1), (height - 1).to_string())],
        column_labels: vec![(0, "0".to_owned()), (columns.saturating_sub(1), (width - 1).to_string())],
        range: Some((0.0, 100.0)),
    }
}
