//! Switch and cable counts of published reference fabrics against the sizing rule. Nothing is fitted.

use gigatwin_fabric::{CableSpec, FabricDesign, FloorPlan, OpticSpec, Structure, SwitchSpec, size};
use gigatwin_quantity::{Bandwidth, Length, Money, Power};

use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::{Row, Table, ValidationError};

const SHIPPED: &str = include_str!("../../../validation/sizing.csv");
const REQUIRED: [&str; 5] = ["nodes_published", "gpus_per_node", "radix", "leaf", "spine"];

/// Scores the shipped table or a table of the same columns. Optional columns: `management_links`,
/// `links_per_cable`, `oversubscription` (of leaves), `spine_oversubscription`, `structure` (as in the factory
/// file) and `rails`.
///
/// Endpoints are nodes × accelerators per node; where no nodes are published, units × nodes per unit, or else the
/// accelerators. The count of accelerators itself comes last: a published one can contradict its own nodes and cables.
/// Without `structure` and `rails` leaves are counted without regard to rails.
///
/// Where a table gives no management links, a unit that is one node short of full is taken to have given that
/// node's place to four links of the fabric manager, as the published tables do. Where it gives no links per
/// cable, one cable carries a link of each plane (twin-port modules).
///
/// # Errors
/// [`ValidationError`] with line and column where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let table = Table::read(csv.unwrap_or(SHIPPED), &REQUIRED)?;
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for (i, row) in table.rows().enumerate() {
        rows += 1;
        let id = id_of(&row, i);
        let cell = if row.text("arch").is_empty() { id.clone() } else { row.text("arch").to_owned() };
        let refusal = |reason: String, fully_specified| Refusal {
            id: id.clone(),
            reason,
            fully_specified,
            cell: cell.clone(),
            metric: "leaf",
        };
        let measured = measured(&row)?;
        if measured.is_empty() {
            refused.push(refusal("no switch or cable counts are published".to_owned(), false));
            continue;
        }
        let Some(design) = design(&row)? else {
            refused.push(refusal("nodes, accelerators per node or radix are not stated".to_owned(), false));
            continue;
        };
        let bill = match size(&design) {
            Ok(bill) => bill,
            Err(e) => {
                refused.push(refusal(e.to_string(), true));
                continue;
            }
        };
        for (metric, measured) in measured {
            let predicted = match metric {
                "leaf" => bill.leaf,
                "spine" => bill.spine,
                "core" => bill.core,
                "cables_node_leaf" => bill.node_leaf.cables,
                "cables_leaf_spine" => bill.leaf_spine.cables,
                _ => bill.spine_core.cables,
            } as f64;
            // Zero for zero is right and has no relative error.
            if predicted == 0.0 && measured == 0.0 {
                continue;
            }
            predictions.push(Prediction {
                id: id.clone(),
                metric,
                predicted,
                low: predicted,
                high: predicted,
                measured,
                cell: cell.clone(),
                classes: vec![if bill.tiers > 2 { "three_tiers" } else { "two_tiers" }],
            });
        }
    }
    Ok(Report::score("sizing", rows, predictions, refused, Fold::None))
}

/// More accelerators than this in one node are a rack-scale domain, whose trays have four.
const MOST_RAILS: u32 = 16;
const RACK_SCALE_RAILS: u32 = 4;

fn id_of(row: &Row<'_>, index: usize) -> String {
    match (row.text("id"), row.text("arch"), row.text("SU")) {
        ("", "", _) => format!("row-{}", index + 1),
        ("", arch, "") => format!("{arch} {}", index + 1),
        ("", arch, units) => format!("{arch} {units} SU"),
        (id, _, _) => id.to_owned(),
    }
}

fn measured(row: &Row<'_>) -> Result<Vec<(&'static str, f64)>, ValidationError> {
    let mut found = Vec::new();
    for metric in ["leaf", "spine", "core", "cables_node_leaf", "cables_leaf_spine", "cables_spine_core"] {
        if let Some(v) = row.number(metric)? {
            found.push((metric, v));
        }
    }
    Ok(found)
}

fn design(row: &Row<'_>) -> Result<Option<FabricDesign>, ValidationError> {
    let Some(radix) = row.count("radix")? else { return Ok(None) };
    let per_node = row.count("gpus_per_node")?;
    let by_units = match (row.count("SU")?, row.count("nodes_per_SU")?) {
        (Some(units), Some(per_unit)) => units.checked_mul(per_unit),
        _ => None,
    };
    let nodes = row.count("nodes_published")?.or(by_units);
    let endpoints = match (nodes, per_node, row.count("gpus_published")?) {
        (Some(nodes), Some(per_node), _) => match nodes.checked_mul(per_node) {
            Some(endpoints) => endpoints,
            None => return Err(row.fault("nodes_published", "a number of nodes that can be sized")),
        },
        (_, _, Some(accelerators)) => accelerators,
        _ => return Ok(None),
    };
    let rails = row.count("rails")?.or(per_node.filter(|n| *n <= MOST_RAILS)).unwrap_or(RACK_SCALE_RAILS);
    let structure = match row.text("structure") {
        "" if row.count("rails")?.is_none() => Structure::FatTree,
        "" | "rail-optimised fat tree" => Structure::RailOptimised { rails },
        "fat tree" => Structure::FatTree,
        "rail-only" => Structure::RailOnly { rails },
        "dragonfly" => Structure::Dragonfly,
        "dragonfly+" => Structure::DragonflyPlus,
        "hyperx" => Structure::HyperX,
        _ => return Err(row.fault("structure", "a structure of the factory file that has leaves")),
    };
    let planes = row.count("planes")?.unwrap_or(1);
    let full = match (row.count("SU")?, row.count("nodes_per_SU")?) {
        (Some(units), Some(per_unit)) => u64::from(units) * u64::from(per_unit),
        _ => 0,
    };
    let managed = nodes.is_some_and(|n| u64::from(n) + 1 == full);
    let nothing = OpticSpec { links_per_module: 1, power: Power::ZERO, price: Money::ZERO };
    Ok(Some(FabricDesign {
        endpoints,
        management_links: row.count("management_links")?.unwrap_or(if managed { 4 } else { 0 }),
        planes,
        structure,
        leaf_oversubscription: row.number("oversubscription")?.unwrap_or(1.0),
        spine_oversubscription: row.number("spine_oversubscription")?.unwrap_or(1.0),
        switch: SwitchSpec {
            radix,
            port_rate: Bandwidth::from_gbit_per_s(row.number("port_gbps")?.unwrap_or(0.0)),
            power: Power::ZERO,
            price: Money::ZERO,
        },
        endpoint_optic: nothing,
        switch_optic: nothing,
        cable: CableSpec {
            copper_reach: Length::ZERO,
            copper_price: Money::ZERO,
            fibre_price: Money::ZERO,
            links_per_cable: row.count("links_per_cable")?.unwrap_or(planes),
        },
        floor: FloorPlan {
            endpoints_per_rack: 32,
            racks_per_row: 20,
            rack_pitch: Length::ZERO,
            row_pitch: Length::ZERO,
            slack: Length::ZERO,
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_row_exactly() {
        let report = validate(None).unwrap();
        assert_eq!((report.rows, report.answered, report.refused.len()), (19, 19, 0));
        for p in &report.predictions {
            assert_eq!(p.predicted, p.measured, "{} {}", p.id, p.metric);
        }
    }

    /// What a table says of itself: accelerators = nodes × accelerators of a node; cables from nodes = links with
    /// those of the fabric manager; uplinks fill the leaves. The shipped tables hold together. A spreadsheet in
    /// circulation does not: 768 switches for 2,048 nodes in three tiers, where the vendor's own row sums to 1,280,
    /// as the rule does.
    #[test]
    fn the_shipped_tables_do_not_contradict_themselves() {
        let table = Table::read(SHIPPED, &REQUIRED).unwrap();
        for (i, row) in table.rows().enumerate() {
            let id = id_of(&row, i);
            let n = |key: &'static str| row.number(key).unwrap();
            let (Some(nodes), Some(each)) = (n("nodes_published"), n("gpus_per_node")) else { continue };
            if let Some(accelerators) = n("gpus_published") {
                assert_eq!(accelerators, nodes * each, "{id}: accelerators");
            }
            if let (Some(cables), Some(leaf), Some(radix)) = (n("cables_leaf_spine"), n("leaf"), n("radix")) {
                // Twin-port cables carry a link of each plane.
                assert_eq!(cables * n("planes").unwrap_or(1.0), leaf * radix / 2.0, "{id}: uplinks");
            }
        }
        let report = validate(Some(
            "arch,nodes_published,gpus_per_node,radix,leaf,spine,core\nthe spreadsheet,2048,8,64,512,256,0\n",
        ))
        .unwrap();
        let sum: f64 = report.predictions.iter().map(|p| p.predicted).sum();
        assert_eq!(sum, 1280.0);
        assert!(report.predictions.iter().any(|p| p.predicted != p.measured));
    }

    #[test]
    fn by_rails_every_published_row_is_the_same() {
        let mut with_rails = String::new();
        for (i, line) in SHIPPED.lines().filter(|l| !l.starts_with('#')).enumerate() {
            with_rails.push_str(line);
            with_rails.push_str(if i == 0 { ",rails\n" } else { ",8\n" });
        }
        let report = validate(Some(&with_rails)).unwrap();
        assert_eq!(report.answered, 19);
        for p in &report.predictions {
            assert_eq!(p.predicted, p.measured, "{} {}", p.id, p.metric);
        }
    }

    #[test]
    fn rows_without_nodes_go_by_units_or_accelerators() {
        let text = "arch,SU,nodes_per_SU,nodes_published,gpus_per_node,gpus_published,radix,leaf,spine\n\
                    x,2,32,,8,,64,16,8\ny,,,,,512,64,16,8\n";
        let report = validate(Some(text)).unwrap();
        assert_eq!(report.answered, 2);
        assert!(report.predictions.iter().all(|p| p.predicted == p.measured));
    }

    #[test]
    fn faults_name_line_and_column() {
        let text = "arch,SU,nodes_published,gpus_per_node,radix,leaf,spine\nx,1,32,8,many,8,4\n";
        let Err(ValidationError::Cell { line, column, .. }) = validate(Some(text)) else {
            panic!("accepted")
        };
        assert_eq!((line, column), (2, "radix"));
        assert_eq!(validate(Some("a,b\n1,2\n")), Err(ValidationError::MissingColumn("nodes_published")));
    }

    #[test]
    fn rows_that_cannot_be_are_refused() {
        let text =
            "arch,SU,nodes_published,gpus_per_node,radix,leaf,spine\nx,1,100000,8,64,8,4\ny,1,32,8,64,,\n";
        let report = validate(Some(text)).unwrap();
        assert_eq!(report.refused.iter().map(|r| r.fully_specified).collect::<Vec<_>>(), [true, false]);
    }
}
