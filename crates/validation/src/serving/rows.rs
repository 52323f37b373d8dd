//! Rows of the serving table.

use gigatwin_catalog::{Attention, Chip, FfnKind, Indexer, ModelShape, Moe, Precision};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Data, Flops, Power};
use gigatwin_serving::{ChipClass, Deployment, EngineFamily, Lengths, Speculation};

use crate::report::Refusal;
use crate::table::{Row, Table, ValidationError};

const REQUIRED: [&str; 20] = [
    "source",
    "mode",
    "model",
    "chip",
    "engine",
    "precision",
    "tp",
    "prompt_tokens",
    "answer_tokens",
    "layers",
    "hidden",
    "heads",
    "kv_heads",
    "head_dim",
    "ffn",
    "vocabulary",
    "bf16_tflops",
    "memory_gb",
    "memory_gb_per_s",
    "scaleup_domain",
];

/// How the load was made: a closed loop, one static batch, or the largest batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Closed,
    Static,
    Offline,
}

/// One row of the table.
pub(super) struct Point {
    pub id: String,
    pub pair: String,
    pub cell: String,
    pub mode: Mode,
    pub engine: EngineFamily,
    pub class: ChipClass,
    pub model: ModelShape,
    pub chip: Chip,
    pub network: Network,
    pub deployment: Deployment,
    pub layout_stated: bool,
    /// Drafted tokens, where the engine speculates.
    pub speculation: Option<Speculation>,
    pub lengths: Lengths,
    pub concurrency: f64,
    pub ttft: Option<f64>,
    pub tpot: Option<f64>,
    pub tokens: Option<f64>,
    /// What it counts in a fit.
    pub weight: f64,
    /// Joules per output token.
    pub energy: Option<f64>,
    /// A kind of row that is reported without a bar.
    pub reported: Option<super::reported::Reported>,
}

/// The rows as points, those that do not state enough as refusals, and the number of rows.
pub(super) fn read(text: &str) -> Result<(Vec<Point>, Vec<Refusal>, usize), ValidationError> {
    let table = Table::read(text, &REQUIRED)?;
    let (mut points, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for (i, row) in table.rows().enumerate() {
        rows += 1;
        let id = if row.text("id").is_empty() { format!("row-{}", i + 1) } else { row.text("id").to_owned() };
        match point(&row, id.clone())? {
            Ok(p) => points.push(p),
            Err(missing) => refused.push(Refusal {
                id,
                reason: format!("the row does not say: {missing}"),
                fully_specified: false,
                cell: cell(&row),
                metric: "tpot_ms",
            }),
        }
    }
    Ok((points, refused, rows))
}

fn cell(row: &Row) -> String {
    format!("{} · {} · {}", row.text("source"), row.text("model"), row.text("chip"))
}

/// A row as the engine takes it, or the name of what it does not state.
fn point(row: &Row, id: String) -> Result<Result<Point, &'static str>, ValidationError> {
    let mode = match row.text("mode") {
        "closed" => Mode::Closed,
        "static" => Mode::Static,
        "offline" => Mode::Offline,
        _ => return Err(row.fault("mode", "closed, static or offline")),
    };
    let precision = match row.text("precision") {
        "bf16" => Precision::Bf16,
        "fp8" => Precision::Fp8,
        "fp4" => Precision::Fp4,
        _ => return Err(row.fault("precision", "bf16, fp8 or fp4")),
    };
    macro_rules! need {
        ($column:literal) => {
            match row.number($column)? {
                Some(v) if v > 0.0 => v,
                Some(_) => return Err(row.fault($column, "a number above zero")),
                None => return Ok(Err($column)),
            }
        };
    }
    macro_rules! whole {
        ($column:literal) => {
            match row.count($column)? {
                Some(v) => v,
                None => return Ok(Err($column)),
            }
        };
    }
    let attention = match row.count("kv_lora_rank")? {
        Some(kv_lora_rank) => Attention::Latent {
            kv_lora_rank,
            q_lora_rank: row.count("q_lora_rank")?.unwrap_or(0),
            rope_dim: whole!("rope_dim"),
            nope_dim: whole!("nope_dim"),
            value_dim: whole!("value_dim"),
        },
        None => Attention::Heads,
    };
    let moe = match row.count("experts")? {
        Some(experts) if experts > 0 => Some(Moe {
            experts,
            active: whole!("experts_active"),
            expert_ffn: whole!("expert_ffn"),
            shared_experts: row.count("shared_experts")?.unwrap_or(0),
            dense_layers: row.count("dense_layers")?.unwrap_or(0),
            latent: None,
        }),
        _ => None,
    };
    let window = row.count("sliding_window")?.zip(row.count("global_layer_every")?);
    let indexer = match row.count("index_picked")? {
        Some(picked) if picked > 0 => {
            Some(Indexer { heads: whole!("index_heads"), head_dim: whole!("index_head_dim"), picked })
        }
        _ => None,
    };
    let model = ModelShape {
        layers: whole!("layers"),
        hidden: whole!("hidden"),
        heads: whole!("heads"),
        kv_heads: whole!("kv_heads"),
        head_dim: whole!("head_dim"),
        ffn: whole!("ffn"),
        ffn_kind: match row.text("ffn_kind") {
            "gelu" => FfnKind::Gelu,
            "relu2" => FfnKind::Relu2,
            _ => FfnKind::SwiGlu,
        },
        vocabulary: whole!("vocabulary"),
        // The length limit of a model plays no part in its speed.
        context: u32::MAX,
        tied_embeddings: row.text("tied_embeddings") == "1",
        attention,
        moe,
        sliding_window: window,
        indexer,
        state_space: None,
        mtp_layers: 0,
    };
    let rate = |v: f64| Flops::from_tflops(v);
    let scaleup = row.number("scaleup_gb_per_s")?.unwrap_or(0.0);
    let domain = whole!("scaleup_domain");
    let chip = Chip {
        bf16: rate(need!("bf16_tflops")),
        fp8: row.number("fp8_tflops")?.map(rate),
        fp4: row.number("fp4_tflops")?.map(rate),
        memory: Data::from_gb(need!("memory_gb")),
        memory_bandwidth: Bandwidth::from_gb_per_s(need!("memory_gb_per_s")),
        scaleup_bandwidth: Bandwidth::from_gb_per_s(scaleup),
        scaleup_domain: domain,
        tdp: Power::ZERO,
        idle_power: Power::ZERO,
    };
    // Between domains one 400 Gb/s port per chip; no shipped row leaves its domain.
    let network = Network::new(
        Bandwidth::from_gb_per_s(scaleup / 2.0),
        domain,
        true,
        Bandwidth::from_gbit_per_s(400.0),
        1.0,
    );
    let concurrency = match (mode, row.number("concurrency")?) {
        (Mode::Offline, v) => v.unwrap_or(0.0),
        (_, Some(v)) if v > 0.0 => v,
        (_, Some(_)) => return Err(row.fault("concurrency", "a number above zero")),
        (_, None) => return Ok(Err("concurrency")),
    };
    let (model_name, chip_name) = (row.text("model"), row.text("chip"));
    let class = match ChipClass::of_accelerator(chip_name) {
        ChipClass::Other => ChipClass::from_word(row.text("chip_class")),
        known => known,
    };
    let measured = |column: &'static str| match row.number(column)? {
        Some(v) if v > 0.0 => Ok(Some(v)),
        Some(_) => Err(row.fault(column, "a number above zero")),
        None => Ok(None),
    };
    let one = |v: Option<u32>| v.unwrap_or(1).max(1);
    Ok(Ok(Point {
        id,
        pair: format!("{model_name} · {chip_name}"),
        cell: cell(row),
        mode,
        engine: EngineFamily::from_word(row.text("engine")),
        class,
        model,
        chip,
        network,
        deployment: Deployment {
            tp: one(row.count("tp")?),
            pp: one(row.count("pp")?),
            ep: one(row.count("ep")?),
            dp_attention: one(row.count("dp_attention")?),
            weights: precision,
            kv: match row.text("kv_precision") {
                "fp8" => Precision::Fp8,
                _ => Precision::Bf16,
            },
        },
        layout_stated: row.text("layout_stated") != "0",
        speculation: super::recipes::speculation(row.count("draft_tokens")?.unwrap_or(0)),
        lengths: Lengths { prompt: need!("prompt_tokens"), answer: need!("answer_tokens") },
        concurrency,
        ttft: measured("ttft_ms")?,
        tpot: measured("tpot_ms")?,
        tokens: measured("tokens_per_s")?,
        weight: 1.0,
        energy: None,
        reported: None,
    }))
}
