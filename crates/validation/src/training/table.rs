//! The table of measured training steps, row by row, and what unstated columns are taken to be.

use std::collections::BTreeMap;

use gigatwin_catalog::{Attention, Catalog, Chip, FfnKind, Kind, ModelShape, Moe, Precision};
use gigatwin_fabric::{Calibration as FabricCalibration, Family, Network};
use gigatwin_quantity::{Bandwidth, Data, Dim, Flops, Power, Share};
use gigatwin_training::{AttentionKernel, Layout, Overlap, Recompute, TrainingState, Zero, memory};

use super::TrainingTableError;

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
    /// Whether the row counts in the headline (verified against its source).
    pub headline: bool,
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
    /// The layout breaks a rule.
    #[error("the layout as stated cannot run: {0}")]
    Layout(String),
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

struct Fields<'a> {
    columns: &'a BTreeMap<String, usize>,
    record: &'a csv::StringRecord,
    line: u64,
}

impl Fields<'_> {
    fn text(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|&i| self.record.get(i)).map_or("", str::trim)
    }

    fn number<T: std::str::FromStr>(&self, column: &'static str) -> Result<Option<T>, TrainingTableError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| TrainingTableError::Cell {
            line: self.line,
            column,
            text: text.to_owned(),
        })
    }

    fn word<T>(
        &self,
        column: &'static str,
        of: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, TrainingTableError> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        of(text).map(Some).ok_or_else(|| TrainingTableError::Cell {
            line: self.line,
            column,
            text: text.to_owned(),
        })
    }
}

fn yes_no(text: &str) -> Option<bool> {
    match text {
        "y" => Some(true),
        "n" => Some(false),
        _ => None,
    }
}

/// Reads a table; chips come from the catalog.
///
/// # Errors
/// Where the text is no table, a column that every row needs is missing, a cell is not of its column's kind, or a chip is
/// not in the catalog.
pub fn read(text: &str, catalog: &Catalog) -> Result<Table, TrainingTableError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| TrainingTableError::Format(e.to_string()))?.clone();
    let columns: BTreeMap<String, usize> =
        headers.iter().enumerate().map(|(i, h)| (h.trim().to_owned(), i)).collect();
    for needed in
        ["id", "source_family", "chip", "chips", "global_batch", "sequence", "layers", "hidden", "heads"]
    {
        if !columns.contains_key(needed) {
            return Err(TrainingTableError::MissingColumn(needed));
        }
    }
    let mut chips: BTreeMap<String, (String, Chip)> = BTreeMap::new();
    let mut table = Table::default();
    for (i, record) in reader.records().enumerate() {
        let record = record.map_err(|e| TrainingTableError::Format(e.to_string()))?;
        let line = record.position().map_or(i as u64 + 2, csv::Position::line);
        let f = Fields { columns: &columns, record: &record, line };
        table.total += 1;
        let name = f.text("chip").to_owned();
        if !chips.contains_key(&name) {
            chips.insert(name.clone(), chip(catalog, &name, line)?);
        }
        let Some((chip_id, chip)) = chips.get(&name) else { continue };
        let id = f.text("id").to_owned();
        match row(&f, &id, chip_id, chip)? {
            Ok(row) => table.rows.push(row),
            Err(reason) => {
                let cell = format!("{} × {chip_id}", f.text("source_family"));
                table.skipped.push(Skipped { id, cell, reason });
            }
        }
    }
    Ok(table)
}

/// A chip's datasheet values from the catalog; power is not needed for a step's time and may be missing.
fn chip(catalog: &Catalog, name: &str, line: u64) -> Result<(String, Chip), TrainingTableError> {
    let unknown = |what: String| TrainingTableError::Chip { line, chip: name.to_owned(), what };
    let entry = catalog.entry(Kind::Accelerators, name).map_err(|e| unknown(e.to_string()))?;
    let get = |key: &str, dim: Dim| -> Result<Option<f64>, TrainingTableError> {
        Ok(entry.figure(key, dim).map_err(|e| unknown(e.to_string()))?.map(|v| v.distribution.base()))
    };
    let need = |key: &str, dim: Dim| get(key, dim)?.ok_or_else(|| unknown(format!("{key} is not known")));
    let flops = |key: &str| Ok::<_, TrainingTableError>(get(key, Dim::Flops)?.map(Flops::from_flops));
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
    Ok((entry.id.clone(), chip))
}

/// What the stack of a source does where its rows do not say: one fixed choice per source family.
///
/// * `vtrain`: Megatron-DeepSpeed of 2022, replicated optimizer, unfused attention, no gradient bucketing, nothing overlapped.
/// * `korthikanti`: Megatron-LM of 2022, unfused attention, nothing overlapped.
/// * `mosaicml`: fully sharded data parallel with 32-bit sharded weights, gradients reduced in 16 bits.
/// * `torchtitan`: the same with gradients reduced in 32 bits.
/// * `simumax`: Megatron-LM, 32-bit gradients, tensor communication not overlapped.
/// * all others (NVIDIA's own recipes and submissions): distributed optimizer, 16-bit gradients, tensor and data-parallel
///   communication overlapped, expert communication not.
///
/// Further unstated columns: recomputation is the least that fits the chip, precision the narrowest format of the chip,
/// tensor, pipeline and expert parallelism and the micro-batch one, context parallelism the least that gives every replica a
/// sequence.
struct Stack {
    attention: AttentionKernel,
    overlap: Overlap,
    zero: Zero,
    weight_bytes: f64,
    gradient_bytes: f64,
    optimizer_bytes: f64,
    wire: f64,
}

fn stack(family: &str) -> Stack {
    let tuned = Stack {
        attention: AttentionKernel::Fused,
        overlap: Overlap::TUNED,
        zero: Zero::Optimizer,
        weight_bytes: 2.0,
        gradient_bytes: 2.0,
        optimizer_bytes: 12.0,
        wire: 2.0,
    };
    let sharded = Stack {
        attention: AttentionKernel::Portable,
        zero: Zero::Weights,
        weight_bytes: 4.0,
        gradient_bytes: 4.0,
        optimizer_bytes: 8.0,
        overlap: Overlap { tensor: false, ..Overlap::TUNED },
        ..tuned
    };
    match family {
        "vtrain" | "korthikanti" | "other" => Stack {
            attention: AttentionKernel::Unfused,
            overlap: Overlap::NONE,
            zero: Zero::Replicated,
            gradient_bytes: 4.0,
            wire: 2.0,
            ..tuned
        },
        "mosaicml" => sharded,
        "torchtitan" => Stack { wire: 4.0, ..sharded },
        "simumax" => Stack {
            gradient_bytes: 4.0,
            wire: 4.0,
            overlap: Overlap { tensor: false, ..Overlap::TUNED },
            ..tuned
        },
        _ => tuned,
    }
}

fn shape(f: &Fields) -> Result<Result<ModelShape, Reason>, TrainingTableError> {
    let missing = f.text("shape_missing");
    if !missing.is_empty() {
        return Ok(Err(Reason::Shape(missing.to_owned())));
    }
    let need = |column: &'static str| f.number::<u32>(column);
    let (Some(layers), Some(hidden), Some(heads)) = (need("layers")?, need("hidden")?, need("heads")?) else {
        return Ok(Err(Reason::Shape("layers, hidden size or heads are not stated".to_owned())));
    };
    let kv_heads = need("kv_heads")?.unwrap_or(heads);
    let head_dim = need("head_dim")?.unwrap_or(hidden / heads.max(1));
    let ffn_kind = f
        .word("ffn_kind", |w| match w {
            "swiglu" => Some(FfnKind::SwiGlu),
            "gelu" => Some(FfnKind::Gelu),
            "relu2" => Some(FfnKind::Relu2),
            _ => None,
        })?
        .unwrap_or(FfnKind::SwiGlu);
    let (Some(ffn), Some(vocabulary)) = (need("ffn")?, need("vocab")?) else {
        return Ok(Err(Reason::Shape("feed-forward width or vocabulary are not stated".to_owned())));
    };
    let attention = match need("kv_lora_rank")? {
        Some(kv_lora_rank) => Attention::Latent {
            kv_lora_rank,
            q_lora_rank: need("q_lora_rank")?.unwrap_or(0),
            rope_dim: need("rope_dim")?.unwrap_or(0),
            nope_dim: need("nope_dim")?.unwrap_or(head_dim),
            value_dim: need("value_dim")?.unwrap_or(head_dim),
        },
        None => Attention::Heads,
    };
    let moe = match need("experts")? {
        Some(experts) => Some(Moe {
            experts,
            active: need("experts_active")?.unwrap_or(1),
            expert_ffn: need("expert_ffn")?.unwrap_or(ffn),
            shared_experts: need("shared_experts")?.unwrap_or(0),
            dense_layers: need("dense_layers")?.unwrap_or(0),
        }),
        None => None,
    };
    Ok(Ok(ModelShape {
        layers,
        hidden,
        heads,
        kv_heads,
        head_dim,
        ffn,
        ffn_kind,
        vocabulary,
        context: f.number("sequence")?.unwrap_or(0),
        tied_embeddings: f.word("tied", yes_no)?.unwrap_or(false),
        attention,
        moe,
        sliding_window: need("sliding_window")?.zip(need("global_every")?),
    }))
}

fn row(f: &Fields, id: &str, chip_id: &str, chip: &Chip) -> Result<Result<Row, Reason>, TrainingTableError> {
    let seconds = f.number::<f64>("step_time_s")?;
    let tokens_per_chip = f.number::<f64>("tokens_per_s_per_chip")?;
    if seconds.is_none() && tokens_per_chip.is_none() {
        return Ok(Err(Reason::NothingMeasured));
    }
    let model = match shape(f)? {
        Ok(model) => model,
        Err(reason) => return Ok(Err(reason)),
    };
    let family = f.text("source_family").to_owned();
    let stack = stack(&family);
    let mut defaults = Vec::new();
    let number = |column: &'static str| f.number::<u32>(column);
    let (Some(chips), Some(global_batch), Some(sequence)) =
        (number("chips")?, number("global_batch")?, number("sequence")?)
    else {
        return Ok(Err(Reason::Layout("chips, global batch or sequence are not stated".to_owned())));
    };
    let mut one = |column: &'static str| -> Result<u32, TrainingTableError> {
        Ok(number(column)?.unwrap_or_else(|| {
            defaults.push(column);
            1
        }))
    };
    let (tp, pp, ep) = (one("tp")?, one("pp")?, one("ep")?);
    let vpp = number("vpp")?.unwrap_or(1);
    let rest = chips / (tp * pp).max(1);
    // Unstated context parallelism: the least that gives each replica at least one sequence.
    let cp = match number("cp")? {
        Some(cp) => cp,
        None => {
            defaults.push("cp");
            let mut cp = 1;
            while rest / cp > global_batch {
                cp *= 2;
            }
            cp
        }
    };
    let dp = number("dp")?.unwrap_or(rest / cp.max(1));
    let micro_batch = match number("micro_batch")? {
        Some(m) => m,
        None => {
            defaults.push("micro_batch");
            1
        }
    };
    let precision = f
        .word("precision", |w| match w {
            "bf16" | "fp16" => Some(Precision::Bf16),
            "fp8" => Some(Precision::Fp8),
            "fp4" => Some(Precision::Fp4),
            _ => None,
        })?
        .unwrap_or_else(|| {
            defaults.push("precision");
            if chip.fp4.is_some() {
                Precision::Fp4
            } else if chip.fp8.is_some() {
                Precision::Fp8
            } else {
                Precision::Bf16
            }
        });
    let zero = f
        .word("zero", |w| match w {
            "0" => Some(Zero::Replicated),
            "1" => Some(Zero::Optimizer),
            "2" => Some(Zero::Gradients),
            "3" => Some(Zero::Weights),
            _ => None,
        })?
        .unwrap_or_else(|| {
            defaults.push("zero");
            stack.zero
        });
    let recompute = f.word("recompute", |w| match w {
        "none" => Some(Recompute::None),
        "selective" => Some(Recompute::Selective),
        "alternate" => Some(Recompute::Alternate),
        "full" => Some(Recompute::Full),
        _ => None,
    })?;
    let overlap = match f.word("tensor_overlap", yes_no)? {
        Some(tensor) => Overlap { tensor, ..stack.overlap },
        None => stack.overlap,
    };
    let mut layout = Layout {
        tp,
        cp,
        pp,
        vpp,
        ep,
        etp: None,
        dp,
        micro_batch,
        global_batch,
        sequence,
        recompute: recompute.unwrap_or(Recompute::None),
        zero,
        precision,
        sequence_parallel: f.word("sequence_parallel", yes_no)?.unwrap_or(true),
        attention: stack.attention,
        overlap,
    };
    let state = TrainingState {
        weight_bytes: stack.weight_bytes,
        gradient_bytes: stack.gradient_bytes,
        optimizer_bytes: stack.optimizer_bytes,
        gradient_wire_bytes: stack.wire,
        workspace: Data::from_gb(3.0),
        fragmentation: Share::from_fraction(0.05),
        expert_imbalance: 1.0,
    };
    if let Err(fault) = layout.check(&model, chips) {
        return Ok(Err(Reason::Layout(fault.to_string())));
    }
    if recompute.is_none() {
        // Unstated recomputation: the least that fits the chip.
        defaults.push("recompute");
        for least in [Recompute::None, Recompute::Selective, Recompute::Full] {
            layout.recompute = least;
            if memory(&model, chip, &state, &layout).fits() {
                break;
            }
        }
    }
    let nic = Bandwidth::from_gbit_per_s(f.number("network_gbit_per_s")?.unwrap_or(400.0));
    let family_of_chip = Family::of_accelerator(chip_id);
    let reduces = matches!(family_of_chip, Family::Hopper | Family::Blackwell);
    let network = Network::new(chip.scaleup_bandwidth * 0.5, chip.scaleup_domain, reduces, nic, 1.0)
        .with_calibration(FabricCalibration::of(family_of_chip));
    let verified = f.text("verified");
    Ok(Ok(Row {
        id: id.to_owned(),
        family,
        chip_id: chip_id.to_owned(),
        model,
        chip: *chip,
        network,
        state,
        layout,
        seconds,
        tokens_per_chip,
        memory_gib: f.number("memory_gib")?,
        headline: verified.is_empty() || verified == "yes" || verified == "secondary",
        defaults,
    }))
}
