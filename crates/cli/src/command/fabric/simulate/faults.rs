//! Cables that fail, from the options.

use gigatwin_fabric::flow::{Faults, Flap, Topology};

use super::{coded, quantity};
use crate::exit::Fault;

const HINT: &str = "write TIER:NUMBER, TIER:PLANE/NUMBER or TIER:random*COUNT, such as leaf-spine:3";

fn wrong(topology: &Topology, what: &str) -> Fault {
    let tiers: Vec<&str> = topology.tiers().iter().map(|t| t.name).collect();
    coded("G517", what, format!("{HINT}; the tiers are {}", tiers.join(", ")))
}

fn tier(topology: &Topology, name: &str) -> Result<usize, Fault> {
    let found = topology.tiers().iter().position(|t| t.name == name);
    found.ok_or_else(|| wrong(topology, &format!("the network has no tier \"{name}\"")))
}

fn link(topology: &Topology, text: &str) -> Result<u32, Fault> {
    let (name, number) =
        text.split_once(':').ok_or_else(|| wrong(topology, &format!("\"{text}\" names no cable")))?;
    let tier = tier(topology, name)?;
    let (copy, index) = number.split_once('/').unwrap_or(("0", number));
    let (Ok(copy), Ok(index)) = (copy.parse(), index.parse()) else {
        return Err(wrong(topology, &format!("\"{number}\" is no number of a cable")));
    };
    topology.link(tier, copy, index).ok_or_else(|| {
        let most = topology.tiers()[tier].links;
        wrong(
            topology,
            &format!("there is no cable {text}: {name} has {most} in each of {} copies", topology.copies()),
        )
    })
}

/// Cables that are down all the time.
pub(super) fn cables(list: &[String], topology: &Topology, seed: u64) -> Result<Faults, Fault> {
    let mut all = Faults::none();
    for text in list.iter().flat_map(|t| t.split(',')) {
        let more = match text.split_once(":random*") {
            Some((name, count)) => {
                let count = count
                    .parse()
                    .map_err(|_| wrong(topology, &format!("\"{count}\" is no number of cables")))?;
                Faults::random(topology, tier(topology, name)?, count, seed)
            }
            None => Faults::cables(topology, [link(topology, text)?]),
        };
        all = all.and(&more);
    }
    Ok(all)
}

/// Cables that go down and come back.
pub(super) fn flaps(list: &[String], topology: &Topology) -> Result<Vec<Flap>, Fault> {
    list.iter()
        .map(|text| {
            let (cable, when) = text.split_once('@').unwrap_or((text, ""));
            let (from, lasts) = when.split_once('+').ok_or_else(|| {
                coded(
                    "G517",
                    format!("\"{text}\" does not say when"),
                    "write TIER:NUMBER@FROM+LASTS, such as leaf-spine:3@5ms+10ms",
                )
            })?;
            Ok(Flap {
                link: link(topology, cable)?,
                from: quantity(from, "--flap")?,
                lasts: quantity(lasts, "--flap")?,
            })
        })
        .collect()
}
