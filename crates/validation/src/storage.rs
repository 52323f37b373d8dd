//! Storage rates, checkpoint sizes and times as published against the storage model with the catalog's defaults. Nothing
//! is fitted.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_fabric::{
    CheckpointInputs, PeerMemory, SharedStorage, StorageUnit, checkpoint, peer_checkpoint, rates_for,
};
use gigatwin_quantity::{Bandwidth, Data, Dim, Quantity, Time};

use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::{Row, Table, ValidationError};

const SHIPPED: &str = include_str!("../../../validation/storage.csv");
const REQUIRED: [&str; 3] = ["id", "metric", "measured"];
/// Accelerators of a node where the row does not say.
const PER_NODE: u32 = 8;

/// A prediction at mode, P10 and P90 of the catalog's ranges.
type Banded = [f64; 3];

/// Why a row has none, and whether it states all that is needed.
type NoAnswer = (String, bool);

/// Scores the shipped table or a table of the same columns.
///
/// | metric | needs | model |
/// | --- | --- | --- |
/// | `stall_s` | `chips`, `size_gb` or `parameters` | fixed stall and device-to-host copy |
/// | `save_s` | the same and `write_gb_per_s` | stall and upload |
/// | `load_s` | `size_gb` or `parameters`, `read_gb_per_s` | size over the rate |
/// | `memory_load_s` | `chips`, `size_gb` or `parameters`, `nic_gbps` | one node's part from a peer's memory |
/// | `size_tb`, `size_per_chip_gb` | `parameters` (and `chips`) | bytes per parameter |
/// | `read_gb_per_s`, `write_gb_per_s` | `chips` (and `unit`) | whole units of a vendor, else the default per accelerator |
/// | `image_read_gb_per_s` | `chips` | default per accelerator |
/// | `node_capacity_tb` | nothing | default |
///
/// `chips_per_node` (8) and `bytes_per_parameter` (the catalog's) may be left out. The rates of a row are those that the
/// job sees: neither share nor efficiency is taken off.
///
/// # Errors
/// [`ValidationError`] with line and column where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let table = Table::read(csv.unwrap_or(SHIPPED), &REQUIRED)?;
    let catalog = Catalog::embedded();
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for row in table.rows() {
        rows += 1;
        let id = row.text("id").to_owned();
        let cell = match row.text("source").split([' ', ',']).next() {
            Some(word) if !word.is_empty() => format!("{word} × {}", row.text("metric")),
            _ => row.text("metric").to_owned(),
        };
        let metric = METRICS.iter().find(|m| **m == row.text("metric")).copied().unwrap_or("other");
        let measured = row.number("measured")?;
        let answer = match measured {
            None => Err(("no single figure is published".to_owned(), false)),
            Some(measured) => predict(&catalog, &row, metric, measured)?,
        };
        match (answer, measured) {
            (Ok([predicted, low, high]), Some(measured)) => predictions.push(Prediction {
                id,
                metric,
                predicted,
                low: low.min(high),
                high: low.max(high),
                measured,
                cell,
                classes: classes(&row, metric),
            }),
            (Err((reason, fully_specified)), _) => {
                refused.push(Refusal { id, reason, fully_specified, cell, metric });
            }
            (Ok(_), None) => {}
        }
    }
    Ok(Report::score("storage", rows, predictions, refused, Fold::None))
}

const METRICS: [&str; 10] = [
    "stall_s",
    "save_s",
    "load_s",
    "memory_load_s",
    "size_tb",
    "size_per_chip_gb",
    "read_gb_per_s",
    "write_gb_per_s",
    "image_read_gb_per_s",
    "node_capacity_tb",
];

/// A figure that the catalog itself was written from says nothing of the model.
fn classes(row: &Row<'_>, metric: &str) -> Vec<&'static str> {
    match (row.text("note").contains("the catalog's own figure"), metric) {
        (true, _) => vec!["own_source"],
        (_, "stall_s" | "save_s" | "load_s" | "memory_load_s") => vec!["times"],
        (_, "read_gb_per_s" | "write_gb_per_s") if !row.text("unit").is_empty() => vec!["vendor_units"],
        _ => Vec::new(),
    }
}

/// A default of the catalog at mode, P10 and P90.
fn default<Q: Quantity>(catalog: &Catalog, file: &str, key: &str) -> Option<[Q; 3]> {
    let value = catalog.entry(Kind::Defaults, file).ok()?.figure(key, Q::DIM).ok()??;
    let d = value.distribution;
    Some([d.base(), d.quantile(0.1), d.quantile(0.9)].map(Q::from_base))
}

fn count(catalog: &Catalog, file: &str, key: &str) -> Option<u32> {
    let value = catalog.entry(Kind::Defaults, file).ok()?.figure(key, Dim::Count).ok()??;
    Some(value.distribution.base() as u32)
}

fn rate(gb_per_s: f64) -> Bandwidth {
    Bandwidth::from_gb_per_s(gb_per_s)
}

fn predict(
    catalog: &Catalog,
    row: &Row<'_>,
    metric: &str,
    measured: f64,
) -> Result<Result<Banded, NoAnswer>, ValidationError> {
    let lacks = |what: &str| Ok(Err((what.to_owned(), false)));
    let chips = row.count("chips")?;
    let per_node = row.count("chips_per_node")?.unwrap_or(PER_NODE).max(1);
    let bytes = match row.number("bytes_per_parameter")? {
        Some(b) => Some([Data::from_bytes(b); 3]),
        None => default::<Data>(catalog, "fabric", "checkpoint_bytes_per_parameter"),
    };
    let size: Option<[Data; 3]> = match (row.number("size_gb")?, row.number("parameters")?, bytes) {
        (Some(gb), ..) => Some([Data::from_gb(gb); 3]),
        (_, Some(n), Some(b)) => Some(b.map(|b| b * n)),
        _ => None,
    };
    let write = row.number("write_gb_per_s")?;
    let read = row.number("read_gb_per_s")?;
    let missing = || Ok(Err(("the catalog lacks a default".to_owned(), true)));
    let (Some(device), Some(fixed)) = (
        default::<Bandwidth>(catalog, "fabric", "checkpoint_device_to_host"),
        default::<Time>(catalog, "fabric", "checkpoint_fixed_stall"),
    ) else {
        return missing();
    };
    let inputs = |k: usize, size: Data, chips: u32| CheckpointInputs {
        size,
        nodes: chips.div_ceil(per_node),
        chips_per_node: per_node,
        // The fast end of one goes with the short end of the other.
        device_to_host: device[if k == 0 { 0 } else { 3 - k }],
        fixed_stall: fixed[k],
        share: 1.0,
        efficiency: 1.0,
        load_replicas: 1.0,
        synchronous: false,
    };
    let shared =
        |write: f64, read: f64| SharedStorage { read: rate(read), write: rate(write), capacity: Data::ZERO };
    let three = |of: &dyn Fn(usize) -> Result<f64, String>| -> Result<Banded, NoAnswer> {
        let at = |k| of(k).map_err(|e| (e, true));
        Ok([at(0)?, at(1)?, at(2)?])
    };
    Ok(match metric {
        "stall_s" | "save_s" | "memory_load_s" => {
            let (Some(chips), Some(size)) = (chips.filter(|n| *n > 0), size) else {
                return lacks("accelerators, or the size of the checkpoint, are not stated");
            };
            match metric {
                "stall_s" => three(&|k| {
                    let t = checkpoint(&inputs(k, size[k], chips), &shared(1.0, 1.0), None);
                    t.map(|t| t.stall.s()).map_err(|e| e.to_string())
                }),
                "save_s" => {
                    let Some(write) = write else {
                        let meant = (size[0] / Time::from_s(measured)).gb_per_s();
                        return lacks(&format!(
                            "the write rate of the storage is not stated; the figure would mean {meant:.1} GB/s"
                        ));
                    };
                    three(&|k| {
                        let t = checkpoint(&inputs(k, size[k], chips), &shared(write, 1.0), None);
                        t.map(|t| t.save.s()).map_err(|e| e.to_string())
                    })
                }
                _ => {
                    let Some(nic) = row.number("nic_gbps")? else {
                        return lacks("the rate of the NICs is not stated");
                    };
                    let Some(capacity) = default::<Data>(catalog, "storage_units", "memory_tier_capacity")
                    else {
                        return missing();
                    };
                    let c = gigatwin_fabric::Calibration::default();
                    let peer = PeerMemory {
                        rate: Bandwidth::from_gbit_per_s(nic) * (f64::from(per_node) * c.nic_efficiency),
                        // The row is of a state that fits somewhere: only the time is asked for.
                        capacity: capacity[0] * 1e3,
                    };
                    three(&|k| {
                        let t = peer_checkpoint(&inputs(k, size[k], chips), &peer);
                        t.map(|t| t.load.s()).map_err(|e| e.to_string())
                    })
                }
            }
        }
        "load_s" => {
            let Some(size) = size else { return lacks("the size of the checkpoint is not stated") };
            let Some(read) = read else {
                let meant = (size[0] / Time::from_s(measured)).gb_per_s();
                return lacks(&format!(
                    "the read rate of the storage is not stated; the figure would mean {meant:.2} GB/s of one copy"
                ));
            };
            three(&|k| {
                let t = checkpoint(&inputs(k, size[k], chips.unwrap_or(per_node)), &shared(1.0, read), None);
                t.map(|t| t.load.s()).map_err(|e| e.to_string())
            })
        }
        "size_tb" => match size {
            Some(size) => Ok(size.map(Data::tb)),
            None => return lacks("parameters are not stated"),
        },
        "size_per_chip_gb" => match (size, chips) {
            (Some(size), Some(chips)) => Ok(size.map(|s| s.gb() / f64::from(chips.max(1)))),
            _ => return lacks("parameters or accelerators are not stated"),
        },
        "read_gb_per_s" | "write_gb_per_s" => {
            let Some(chips) = chips else { return lacks("accelerators are not stated") };
            let reads = metric == "read_gb_per_s";
            let of = |(r, w): (Bandwidth, Bandwidth)| if reads { r.gb_per_s() } else { w.gb_per_s() };
            match row.text("unit") {
                "" => {
                    let (Some(r), Some(w)) = (
                        default::<Bandwidth>(catalog, "fabric", "storage_read_per_chip"),
                        default::<Bandwidth>(catalog, "fabric", "storage_write_per_chip"),
                    ) else {
                        return missing();
                    };
                    three(&|k| Ok(of(rates_for(chips, r[k], w[k]))))
                }
                name => match unit(catalog, name) {
                    Some(unit) => {
                        let (_, r, w) = unit.of(chips);
                        Ok([of((r, w)); 3])
                    }
                    None => {
                        return Err(row.fault("unit", "a unit of the catalog, such as \"gb200 standard\""));
                    }
                },
            }
        }
        "image_read_gb_per_s" => {
            let Some(chips) = chips else { return lacks("accelerators are not stated") };
            match default::<Bandwidth>(catalog, "storage_units", "image_read_per_chip") {
                Some(each) => Ok(each.map(|b| b.gb_per_s() * f64::from(chips))),
                None => return missing(),
            }
        }
        "node_capacity_tb" => match default::<Data>(catalog, "fabric", "node_tier_capacity") {
            Some(c) => Ok(c.map(Data::tb)),
            None => return missing(),
        },
        _ => return lacks("neither a time, a size nor a rate that the model knows"),
    })
}

/// A vendor's unit of the catalog by generation and tier, such as "gb200 standard".
fn unit(catalog: &Catalog, name: &str) -> Option<StorageUnit> {
    let (generation, tier) = name.split_once(' ')?;
    let side =
        |which: &str| default::<Bandwidth>(catalog, "storage_units", &format!("{generation}_{tier}_{which}"));
    Some(StorageUnit {
        accelerators: count(catalog, "storage_units", &format!("{generation}_accelerators"))?,
        read: side("read")?[0],
        write: side("write")?[0],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bars: a stall within a factor of two; units within rounding of the vendor's own tables.
    #[test]
    fn stalls_and_units_stay_within_the_bars() {
        let report = validate(None).unwrap();
        assert_eq!(report.rows, 23);
        assert_eq!(report.refused.iter().filter(|r| r.fully_specified).count(), 0);
        let stalls: Vec<_> = report.predictions.iter().filter(|p| p.metric == "stall_s").collect();
        assert!(!stalls.is_empty());
        for p in &stalls {
            assert!((0.5..=2.0).contains(&(p.predicted / p.measured)), "{} {}", p.id, p.predicted);
        }
        for p in report.predictions.iter().filter(|p| p.classes.contains(&"vendor_units")) {
            assert!(p.error().abs() < 0.01, "{} {}", p.id, p.predicted);
        }
    }

    /// A save whose storage is stated is size over rate and the stall before it, within the bar of 30 %.
    #[test]
    fn saves_and_loads_are_scored_where_the_rate_is_stated() {
        let text = "id,metric,measured,chips,parameters,write_gb_per_s,read_gb_per_s\n\
                    a,save_s,20.13,1488,7e9,5,\nb,save_s,20.13,1488,7e9,,\nc,load_s,9.8,1488,7e9,,10\n";
        let report = validate(Some(text)).unwrap();
        assert_eq!((report.answered, report.refused.len()), (2, 1));
        assert!(report.refused[0].reason.contains("4.9 GB/s"), "{}", report.refused[0].reason);
        for p in &report.predictions {
            assert!(p.error().abs() < 0.3, "{} {}", p.id, p.predicted);
        }
    }

    #[test]
    fn every_item_of_the_reference_data_is_in_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/fabric/storage_checkpoint.csv");
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!("skipped: the reference data is not here");
            return;
        };
        let theirs = Table::read(&text, &["item", "value"]).unwrap();
        let ours = Table::read(SHIPPED, &["item"]).unwrap();
        for row in theirs.rows() {
            assert!(ours.rows().any(|r| r.text("item") == row.text("item")), "{}", row.text("item"));
        }
    }

    #[test]
    fn faults_name_line_and_column() {
        let Err(ValidationError::Cell { line, column, .. }) =
            validate(Some("id,metric,measured,chips,unit\nx,read_gb_per_s,1,8,huge\n"))
        else {
            panic!("accepted")
        };
        assert_eq!((line, column), (2, "unit"));
    }
}
