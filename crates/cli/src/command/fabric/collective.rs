//! `fabric collective`: one operation by every algorithm that serves it.

use gigatwin_catalog::{Catalog, CatalogError, Kind, chip};
use gigatwin_fabric::{
    Algorithm, Calibration, Collective as Op, Family, Group, Network, ScaleOut, Wiring, bands, size,
};
use gigatwin_factory::{site_networks, site_partitions};
use gigatwin_quantity::{Bandwidth, Data, Dim, Time, parse};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::design::bad_catalog;
use super::{not_understood, stamp};
use crate::args::fabric::Collective;
use crate::console::bold;
use crate::context::Context;
use crate::diagnostics::{self, Finding};
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

/// One set of accelerators and the network that they see.
struct Place {
    name: String,
    network: Network,
    family: Family,
    ranks: u32,
    rails: u32,
}

const OPERATIONS: [(&str, Op); 6] = [
    ("all-reduce", Op::AllReduce),
    ("all-gather", Op::AllGather),
    ("reduce-scatter", Op::ReduceScatter),
    ("all-to-all", Op::AllToAll),
    ("broadcast", Op::Broadcast),
    ("p2p", Op::SendRecv),
];

pub(super) fn run(context: &Context, args: &Collective) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let (op, sizes) = match read(args, &catalog) {
        Ok(found) => found,
        Err(wrong) => {
            diagnostics::findings(context, None, &wrong)?;
            return Ok(Exit::NotUnderstood);
        }
    };
    let (places, sha256) = match &args.file {
        Some(file) => {
            let Some(usable) = context.usable(file, &catalog)? else { return Ok(Exit::NotUnderstood) };
            let sha256 = usable.factory.sha256.clone();
            match of_factory(args, &usable.factory)? {
                Ok(places) => (places, sha256),
                Err(reason) => return no(context, &sha256, &reason),
            }
        }
        None => {
            let mut hash = Sha256::new();
            hash.update(format!("{args:?}"));
            let id = args.accelerator.as_deref().unwrap_or("");
            hash.update(catalog.text(Kind::Accelerators, id).unwrap_or_default());
            let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
            (vec![of_options(args, &catalog, id)?], sha256)
        }
    };
    let (mut answers, mut wrong) = (Vec::new(), Vec::new());
    for place in &places {
        let ranks = args.ranks.unwrap_or(place.ranks);
        let per_domain = args.per_domain.unwrap_or(place.network.domain).min(place.network.domain);
        let group = Group { ranks, per_domain: per_domain.min(ranks) };
        if let Err(e) = place.network.check(group, place.rails) {
            let message = format!("{}: {e}", place.name);
            let hint = "change --nic, --scaleup, --domain, --slowest-link, or the ranks".to_owned();
            wrong.push(Finding { code: "G501", message, hint });
            continue;
        }
        answers.push((
            place,
            group,
            sizes.iter().map(|bytes| Line::new(place, op.1, *bytes, group)).collect::<Vec<_>>(),
        ));
    }
    if !wrong.is_empty() {
        diagnostics::findings(
            context,
            args.file.as_ref().map(|p| p.display().to_string()).as_deref(),
            &wrong,
        )?;
        return Ok(Exit::NotUnderstood);
    }
    stats::say(context, &[("partitions", answers.len()), ("sizes", sizes.len())]);
    if context.json {
        let list: Vec<Value> = answers
            .iter()
            .map(|(place, group, lines)| {
                let lines: Vec<Value> = lines.iter().map(Line::json).collect();
                json!({"name": place.name, "operation": op.0, "ranks": group.ranks, "per_domain": group.per_domain, "sizes": lines})
            })
            .collect();
        context.json(&json!({"gigatwin": stamp(context, &sha256), "status": "ok", "collectives": list}))?;
    } else {
        let f = context.figures();
        let mut out = Vec::new();
        for (place, group, lines) in &answers {
            let title = format!(
                "{}: {} over {} ranks, {} in a domain",
                place.name,
                op.0,
                f.count(group.ranks as usize),
                group.per_domain
            );
            let mut rows =
                vec![["size", "time", "band", "bus GB/s", "by", "others"].map(str::to_owned).to_vec()];
            rows.extend(lines.iter().map(|l| l.row(context)));
            let sides = [Side::Right, Side::Right, Side::Right, Side::Right, Side::Left, Side::Left];
            out.push(format!("{}\n\n{}", bold(&title, context.console.out_colour), table(&sides, &rows)));
        }
        let band = "  The band holds four in five published rows of like size and kind out of fold (gigatwin\n  validate collectives); between domains it is assumed for all but all-reduce of ordinary nodes.\n";
        context.data(&format!("{}\n{band}", out.join("\n")))?;
    }
    Ok(Exit::Done)
}

fn no(context: &Context, sha256: &str, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        context.json(&json!({"gigatwin": stamp(context, sha256), "status": "infeasible", "infeasible": [{"what": "site", "reason": reason}]}))?;
    } else {
        context.data(&format!("{reason}\n"))?;
    }
    Ok(Exit::No)
}

/// An operation by its name, and the sizes to time.
type Asked = ((&'static str, Op), Vec<Data>);

/// Operation and sizes; all that is not understood at once.
fn read(args: &Collective, catalog: &Catalog) -> Result<Asked, Vec<Finding>> {
    let mut faults: Vec<Finding> = Vec::new();
    let mut wrong = |message: String, hint: String| faults.push(Finding { code: "G500", message, hint });
    let op = OPERATIONS.into_iter().find(|(word, _)| *word == args.op.replace('_', "-"));
    if op.is_none() {
        let all: Vec<&str> = OPERATIONS.iter().map(|(word, _)| *word).collect();
        wrong(format!("--op: there is no operation \"{}\"", args.op), format!("one of: {}", all.join(", ")));
    }
    let mut sizes = Vec::new();
    for text in &args.bytes {
        let text = text.trim();
        match parse(&spaced(text), Dim::Data) {
            Ok(m) if m.value > 0.0 => sizes.push(Data::from_bytes(m.value)),
            Ok(_) => wrong(format!("--bytes: \"{text}\" is nothing to send"), "write 1GiB".to_owned()),
            Err(e) => wrong(format!("--bytes: \"{text}\": {e}"), "write 1GiB".to_owned()),
        }
    }
    for (option, value) in [("ranks", args.ranks), ("per-domain", args.per_domain), ("domain", args.domain)] {
        if value == Some(0) {
            wrong(format!("--{option} must be at least one"), String::new());
        }
    }
    let positive = [("nic", Some(args.nic)), ("scaleup", args.scaleup)];
    for (option, value) in positive.into_iter().filter_map(|(o, v)| Some((o, v?))) {
        if !(value >= 0.0 && value.is_finite()) {
            wrong(format!("--{option} must be a finite rate, not negative"), String::new());
        }
    }
    if let Some(Err(e)) = args.accelerator.as_deref().map(|id| catalog.entry(Kind::Accelerators, id)) {
        let hint = match &e {
            CatalogError::Unknown { nearest: Some(near), .. } => format!("did you mean \"{near}\"?"),
            _ => String::new(),
        };
        wrong(format!("--accelerator: {e}"), hint);
    }
    match op {
        Some(op) if faults.is_empty() => Ok((op, sizes)),
        _ => Err(faults),
    }
}

/// "64MB" as "64 MB"; a plain number is bytes.
fn spaced(text: &str) -> String {
    match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(i) if i > 0 => format!("{} {}", text[..i].trim_end(), &text[i..]),
        Some(_) => text.to_owned(),
        None => format!("{text} B"),
    }
}

fn detail(args: &Collective, rail_only: bool) -> ScaleOut {
    ScaleOut {
        reduces: args.sharp,
        domains_per_leaf: args.domains_per_leaf,
        rail_only: rail_only || args.rail_only,
        slowest_link: args.slowest_link,
        by_levels: args.by_levels,
    }
}

fn of_factory(args: &Collective, f: &gigatwin_factory::Factory) -> Result<Result<Vec<Place>, String>, Fault> {
    let (partitions, networks) = match (site_partitions(f), site_networks(f)) {
        (Ok(p), Ok(n)) => (p, n),
        (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
    };
    let names: Vec<String> = partitions.iter().map(|p| p.name.clone()).collect();
    let mut places = Vec::new();
    for p in partitions.into_iter().filter(|p| args.partition.as_ref().is_none_or(|wanted| *wanted == p.name))
    {
        let fabric = networks.iter().find(|n| n.name == p.fabric);
        let taper = match fabric.map(|n| size(&n.design)) {
            Some(Ok(bill)) => bill.oversubscription,
            Some(Err(e)) => return Ok(Err(format!("{}: {e}", p.fabric))),
            None => 1.0,
        };
        let rail_only = fabric.is_some_and(|n| n.kind == "rail-only");
        let network = Network { oversubscription: args.oversubscription.unwrap_or(taper), ..p.network };
        places.push(Place {
            name: p.name,
            family: Family::of_accelerator(&p.accelerator),
            network: network.with_scaleout(detail(args, rail_only)),
            ranks: p.accelerators.min(f64::from(u32::MAX)) as u32,
            rails: p.per_node.round().max(1.0) as u32,
        });
    }
    if let (true, Some(wanted)) = (places.is_empty(), &args.partition) {
        return Err(not_understood(
            format!("there is no partition \"{wanted}\" in the file"),
            format!("one of: {}", names.join(", ")),
        ));
    }
    Ok(Ok(places))
}

fn of_options(args: &Collective, catalog: &Catalog, id: &str) -> Result<Place, Fault> {
    let entry = catalog.entry(Kind::Accelerators, id).map_err(|e| bad_catalog(&e))?;
    let found = chip(&entry).map_err(|e| bad_catalog(&e))?;
    let family = Family::of_accelerator(&entry.id);
    let domain = args.domain.unwrap_or(found.scaleup_domain.max(1));
    let scaleup = args.scaleup.map_or(found.scaleup_bandwidth / 2.0, Bandwidth::from_gb_per_s);
    let reduces = matches!(family, Family::Hopper | Family::Blackwell) && domain > 4;
    let nic = Bandwidth::from_gbit_per_s(args.nic);
    let mut network = Network::new(scaleup, domain, reduces, nic, args.oversubscription.unwrap_or(1.0))
        .with_calibration(Calibration::of(family))
        .with_scaleout(detail(args, false));
    if family == Family::Cdna3 {
        network.wiring = Wiring::FullMesh;
    }
    Ok(Place { name: entry.id.clone(), network, family, ranks: domain, rails: 8 })
}

/// One size.
struct Line {
    bytes: Data,
    best: (Algorithm, Time),
    bus: Bandwidth,
    band: (f64, f64),
    others: Vec<(Algorithm, Time)>,
}

impl Line {
    fn new(place: &Place, op: Op, bytes: Data, group: Group) -> Line {
        let n = &place.network;
        let best = n.best(op, bytes, group);
        let mut others: Vec<(Algorithm, Time)> = Algorithm::ALL
            .into_iter()
            .filter(|a| *a != best.0)
            .filter_map(|a| n.time_by(a, op, bytes, group).map(|t| (a, t)))
            .collect();
        others.sort_by(|a, b| a.1.s().total_cmp(&b.1.s()));
        let between = group.ranks > group.per_domain;
        Line {
            bytes,
            best,
            bus: n.bus_bandwidth(op, bytes, group),
            band: bands::time_band(op, bytes, place.family, between, n.domain),
            others,
        }
    }

    fn json(&self) -> Value {
        let ms = |t: Time| if t.is_finite() { json!(t.ms()) } else { Value::Null };
        let others: Vec<Value> =
            self.others.iter().map(|(a, t)| json!({"algorithm": a.word(), "time_ms": ms(*t)})).collect();
        json!({
            "bytes": self.bytes.bytes(),
            "algorithm": self.best.0.word(),
            "time_ms": {"value": self.best.1.ms(), "low": self.best.1.ms() * self.band.0, "high": self.best.1.ms() * self.band.1},
            "bus_gb_per_s": self.bus.gb_per_s(),
            "others": others,
        })
    }

    fn row(&self, context: &Context) -> Vec<String> {
        let f = context.figures();
        let time = |t: Time| f.value(Dim::Time, t.s());
        let others: Vec<String> =
            self.others.iter().map(|(a, t)| format!("{} {}", a.word(), time(*t))).collect();
        vec![
            f.value(Dim::Data, self.bytes.bytes()),
            time(self.best.1),
            f.range(Dim::Time, "", self.best.1.s() * self.band.0, self.best.1.s() * self.band.1),
            f.plain(self.bus.gb_per_s()),
            self.best.0.word().to_owned(),
            others.join(", "),
        ]
    }
}
