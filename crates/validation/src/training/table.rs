//! The table of measured training steps, row by row, and what unstated columns are taken to be.
//!
//! Two sets of column names are read: those of the shipped `validation/training.csv`, and those of a raw collection
//! (`num_gpus`, `seq_len`, `topk`, …). A cell that says nothing usable is unstated.

mod fields;
mod shape;
mod stack;
mod words;

use std::collections::BTreeMap;

use gigatwin_catalog::{Catalog, Chip, Kind, ModelShape};
use gigatwin_fabric::{Calibration as FabricCalibration, Family, Network};
use gigatwin_quantity::{Bandwidth, Data, Dim, Flops, Power, Share};
use gigatwin_training::{Layout, Offload, Overlap, Recompute, SOFTWARE_YEAR, TrainingState, memory};

use super::TrainingTableError;
use fields::Fields;
use shape::Models;

/// One usable row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Id in the table.
    pub id: String,
    /// Source family, the unit left out in turn.
    pub family: String,
    /// Catalog id of the chip.
    pub chip_id: String,
    /// The model.
    pub model: ModelShape,
    /// The chip.
    pub chip: Chip,

    /// The network.
    pub network: Network,
    /// Training state of the stack.
    pub state: TrainingState,
    /// The layout.
    pub layout: Layout,
    /// Measured seconds per step.
    pub seconds: Option<f64>,
    /// Measured tokens per second and chip, where the row states this instead.
    pub tokens_per_chip: Option<f64>,
    /// Measured memory in GiB.
    pub memory_gib: Option<f64>,
    /// Year of the software, with its fraction.
    pub year: f64,
    /// Whether the row counts in the headline: all but those marked as wrong.
    pub headline: bool,
    /// Whether it may be fitted: verified against its source as a whole.
    pub fitted: bool,
    /// Columns that were unstated and took their default.
    pub defaults: Vec<&'static str>,
}

impl Row {
    /// Cell of the score: source family × chip.
    pub fn cell(&self) -> String {
        format!("{} × {}", self.family, self.chip_id)
    }
}

/// Why a row has no prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Id in the table.
    pub id: String,
    /// Cell it would count in.
    pub cell: String,
    /// Reason.
    pub reason: Reason,
}

/// Kinds of reasons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Neither step time nor token rate.
    #[error("the source states neither step time nor token rate")]
    NothingMeasured,
    /// The model's shape is unknown or of another architecture.
    #[error("the shape of the model is not usable: {0}")]
    Shape(String),
    /// The layout lacks what every step needs, or contradicts itself.
    #[error("the layout as stated cannot run: {0}")]
    Layout(String),
    /// A chip that the catalog does not know well enough.
    #[error("chip \"{0}\": {1}")]
    Chip(String, String),
}

impl Reason {
    /// Whether the row states all that the predictor needs.
    pub fn fully_specified(&self) -> bool {
        matches!(self, Reason::Chip(..))
    }
}

/// Usable rows and the others.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Rows with a prediction.
    pub rows: Vec<Row>,
    /// Rows without.
    pub skipped: Vec<Skipped>,
    /// Rows in the file.
    pub total: usize,
}

/// Reads a table; chips, and shapes that a row leaves out, come from the catalog.
///
/// # Errors
/// Where the text is no table or a column that every row needs is missing. A row that cannot be used is skipped with its
/// reason.
pub fn read(text: &str, catalog: &Catalog) -> Result<Table, TrainingTableError> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).comment(Some(b'#')).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| TrainingTableError::Format(e.to_string()))?.clone();
    let columns = fields::columns(&headers);
    for needed in ["chip", "chips", "global_batch", "sequence"] {
        if !columns.contains_key(needed) {
            return Err(TrainingTableError::MissingColumn(needed));
        }
    }
    let mut chips: BTreeMap<String, Result<KnownChip, Reason>> = BTreeMap::new();
    let mut models = Models::new(catalog);
    let mut table = Table::default();
    for record in reader.records() {
        let record = record.map_err(|e| TrainingTableError::Format(e.to_string()))?;
        let f = Fields { columns: &columns, record: &record };
        table.total += 1;
        let id = match f.text("id") {
            "" => format!("row-{}", table.total),
            id => id.to_owned(),
        };
        let name = f.text("chip").to_owned();
        let chip = chips.entry(name.clone()).or_insert_with(|| known_chip(catalog, &name));
        let result = match chip {
            Ok(chip) => row(&f, &id, chip, &mut models),
            Err(reason) => Err(reason.clone()),
        };
        match result {
            Ok(row) => table.rows.push(row),
            Err(reason) => {
                let chip = chip.as_ref().map_or(name.as_str(), |c| c.id.as_str());
                let cell = format!("{} × {chip}", family(&f));
                table.skipped.push(Skipped { id, cell, reason });
            }
        }
    }
    Ok(table)
}

struct KnownChip {
    id: String,
    chip: Chip,
}

/// Spellings of a chip's name that are no aliases of the catalog: first match wins, so longer names stand first.
const SPELLINGS: [(&str, &str); 22] = [
    ("gb300", "gb300"),
    ("gb200", "gb200"),
    ("gh200", "gh200-96"),
    ("b300", "b300-hgx"),
    ("b200", "b200-hgx"),
    ("h200", "h200-sxm"),
    ("h800", "h800-sxm"),
    ("h100pcie", "h100-pcie"),
    ("h100nvl", "h100-nvl-94"),
    ("h100", "h100-sxm"),
    ("a100", "a100-sxm-80"),
    ("mi355", "mi355x"),
    ("mi325", "mi325x"),
    ("mi300a", "mi300a"),
    ("mi300", "mi300x"),
    ("mi250", "mi250x"),
    ("gaudi3", "gaudi3"),
    ("gaudi2", "gaudi2"),
    ("v5p", "tpu-v5p"),
    ("v5e", "tpu-v5e"),
    ("v6e", "tpu-v6e"),
    ("l40s", "l40s"),
];

/// A chip's datasheet values from the catalog; power is not needed for a step's time and may be missing.
fn known_chip(catalog: &Catalog, name: &str) -> Result<KnownChip, Reason> {
    let unknown = |what: String| Reason::Chip(name.to_owned(), what);
    let plain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let entry = catalog.entry(Kind::Accelerators, name).or_else(|e| {
        let spelt = if plain.contains("a100") && plain.contains("40g") {
            Some("a100-sxm-40")
        } else {
            SPELLINGS.iter().find(|(word, _)| plain.contains(word)).map(|(_, id)| *id)
        };
        spelt.map_or(Err(e), |id| catalog.entry(Kind::Accelerators, id))
    });
    let entry = entry.map_err(|e| unknown(e.to_string()))?;
    let get = |key: &str, dim: Dim| -> Result<Option<f64>, Reason> {
        Ok(entry.figure(key, dim).map_err(|e| unknown(e.to_string()))?.map(|v| v.distribution.base()))
    };
    let need = |key: &str, dim: Dim| get(key, dim)?.ok_or_else(|| unknown(format!("{key} is not known")));
    let flops = |key: &str| Ok::<_, Reason>(get(key, Dim::Flops)?.map(Flops::from_flops));
    let chip = Chip {
        bf16: Flops::from_flops(need("bf16_dense", Dim::Flops)?),
        fp8: flops("fp8_dense")?,
        fp4: flops("fp4_dense")?,
        memory: Data::from_bytes(need("memory", Dim::Data)?),
        memory_bandwidth: Bandwidth::from_bytes_per_s(need("memory_bandwidth", Dim::Bandwidth)?),
        scaleup_bandwidth: Bandwidth::from_bytes_per_s(need("scaleup_bandwidth", Dim::Bandwidth)?),
        scaleup_domain: need("scaleup_domain", Dim::Count)? as u32,
        tdp: Power::from_w(get("tdp", Dim::Power)?.unwrap_or(0.0)),
        idle_power: Power::from_w(get("idle_power", Dim::Power)?.unwrap_or(0.0)),
    };
    Ok(KnownChip { id: entry.id.clone(), chip })
}

fn family(f: &Fields) -> String {
    match (f.text("source_family"), f.text("source")) {
        ("", "") => "unnamed".to_owned(),
        ("", source) => source.to_owned(),
        (family, _) => family.to_owned(),
    }
}

fn row(f: &Fields, id: &str, known: &KnownChip, models: &mut Models) -> Result<Row, Reason> {
    let chip = &known.chip;
    let mut seconds = f.measured("step_time_s");
    let tokens_per_chip = f.measured("tokens_per_s_per_chip");
    // Of two figures the one that was not computed from the other.
    if tokens_per_chip.is_some() && f.text("derived_fields").contains("step_time_s") {
        seconds = None;
    }
    if seconds.is_none() && tokens_per_chip.is_none() {
        return Err(Reason::NothingMeasured);
    }
    let model = shape::shape(f, models)?;
    let family = family(f);
    let year = f.number("date").map(|y| y as u32);
    let (stated_zero, shard) = words::zero(f.text("zero"));
    let stack = stack::stack(&family, year, stated_zero);
    let mut defaults = Vec::new();
    let (Some(chips), Some(global_batch), Some(sequence)) =
        (f.count("chips"), f.count("global_batch"), f.count("sequence"))
    else {
        return Err(Reason::Layout("chips, global batch or sequence are not stated".to_owned()));
    };
    let mut or = |column: &'static str, value: Option<u32>, default: u32| {
        value.unwrap_or_else(|| {
            defaults.push(column);
            default
        })
    };
    let (tp, pp) = (or("tp", f.count("tp"), 1), or("pp", f.count("pp"), 1));
    let ep = or("ep", f.count("ep"), 1);
    // An interleaved schedule of unknown depth takes two chunks per stage.
    let vpp =
        if pp == 1 { 1 } else { f.count("vpp").unwrap_or(if f.text("vpp").is_empty() { 1 } else { 2 }) };
    let rest = chips / tp.saturating_mul(pp).max(1);
    if rest == 0 {
        return Err(Reason::Layout(format!("{tp} tensor ranks × {pp} stages are more than {chips} chips")));
    }
    // Unstated context parallelism: the least that gives each replica at least one sequence.
    let mut least = 1;
    while rest / least > global_batch {
        least *= 2;
    }
    let cp = or("cp", f.count("cp"), least).min(rest);
    // The chips decide; a stated number of replicas that contradicts them is an error of the source.
    let dp = (rest / cp.max(1)).max(1);
    let per_replica = (global_batch / dp).max(1);
    let micro_batch = or("micro_batch", f.count("micro_batch"), 1).min(per_replica);
    let stated =
        if f.text("precision").is_empty() { f.text("precision_stated") } else { f.text("precision") };
    let (precision, mut recipe) = words::precision(stated).unwrap_or_else(|| {
        defaults.push("precision");
        let narrow = stack::unstated_precision(&family, chip.fp8.is_some(), chip.fp4.is_some());
        (narrow, Default::default())
    });
    if let Some((_, worded)) = words::precision(f.text("precision_stated")) {
        recipe = worded;
    }
    let recompute = words::recompute(f.text("recompute"));
    let overlap = match words::yes_no(f.text("tensor_overlap")) {
        Some(tensor) => Overlap { tensor, ..stack.overlap },
        None => stack.overlap,
    };
    let mut layout = Layout {
        tp,
        cp,
        pp,
        vpp,
        ep,
        etp: f.count("etp"),
        dp,
        micro_batch,
        recompute: recompute.unwrap_or(Recompute::None),
        zero: stated_zero.unwrap_or_else(|| {
            defaults.push("zero");
            stack.zero
        }),
        sequence_parallel: words::yes_no(f.text("sequence_parallel")).unwrap_or(true),
        attention: stack.attention,
        overlap,
        recipe,
        context: words::context(f.text("cp_kind")).unwrap_or_default(),
        offload: words::offload(f.text("recompute")),
        launch: stack.launch,
        shard,
        ..Layout::single(global_batch, sequence, precision)
    };
    let state = TrainingState {
        weight_bytes: stack.weight_bytes,
        gradient_bytes: stack.gradient_bytes,
        optimizer_bytes: stack.optimizer_bytes,
        gradient_wire_bytes: stack.wire,
        workspace: Data::from_gb(stack.workspace),
        fragmentation: Share::from_fraction(stack.slack),
        logit_bytes: stack.logit_bytes,
        narrow_inputs: stack.narrow_inputs,
        expert_imbalance: 1.0,
    };
    if recompute.is_none() {
        // Unstated recomputation: the least that fits the chip.
        defaults.push("recompute");
        // Superchips move activations to their host before they compute whole layers twice.
        let offload =
            if super::fit::host_link(&known.id).is_some() { Offload::Activations } else { Offload::None };
        for (least, offload) in [
            (Recompute::None, Offload::None),
            (Recompute::Selective, Offload::None),
            (Recompute::Selective, offload),
            (Recompute::Full, Offload::None),
        ] {
            (layout.recompute, layout.offload) = (least, offload);
            if memory(&model, chip, &state, &layout).fits() {
                break;
            }
        }
    }
    let node = f.number("node").unwrap_or(8.0);
    let nic = words::network(f.text("network_gbit_per_s"), node).unwrap_or(400.0);
    let family_of_chip = Family::of_accelerator(&known.id);
    let reduces = matches!(family_of_chip, Family::Hopper | Family::Blackwell);
    let domain = f.count("domain").unwrap_or(chip.scaleup_domain);
    let network =
        Network::new(chip.scaleup_bandwidth * 0.5, domain, reduces, Bandwidth::from_gbit_per_s(nic), 1.0)
            .with_calibration(FabricCalibration::of(family_of_chip));
    let verified = f.text("verified").to_lowercase();
    Ok(Row {
        id: id.to_owned(),
        family,
        chip_id: known.id.clone(),
        model,
        chip: *chip,
        network,
        state,
        layout,
        seconds,
        tokens_per_chip,
        memory_gib: f.measured("memory_gib"),
        year: stack.year.unwrap_or(f64::INFINITY).min(year_of(f.text("date"))),
        headline: !verified.starts_with("no"),
        fitted: !verified.starts_with("no") && !verified.starts_with("part"),
        defaults,
    })
}

/// "2026-08" as the middle of that month; a year alone, or one with anything else behind it, as its middle. Software of unknown
/// age is taken as today's.
fn year_of(date: &str) -> f64 {
    let mut parts = date.split('-');
    let Some(year) = parts.next().and_then(|y| y.trim().parse::<f64>().ok()) else { return SOFTWARE_YEAR };
    match parts.next().and_then(|m| m.parse::<f64>().ok()) {
        Some(month) if (1.0..=12.0).contains(&month) => year + (month - 0.5) / 12.0,
        _ => year + 0.5,
    }
}
