//! Rows as the sources publish them: names of models and chips in the source's spelling, the layout as words.
//!
//! Columns as in the collected table of measurements (`isl`, `osl`, `parallelism`, `concurrency_or_batch`, `scenario`, …). Shapes and
//! chips come from the catalog. What a row leaves open takes one fixed default: attention split by tensor, keys and values in
//! sixteen bits, an unstated precision is bf16, an unstated layout is tensor parallelism over all chips.

use std::collections::BTreeMap;

use gigatwin_catalog::{Catalog, Chip, Kind, ModelShape, Precision, chip, model_shape};
use gigatwin_fabric::Network;
use gigatwin_quantity::Bandwidth;
use gigatwin_serving::{ChipClass, Deployment, EngineFamily};

use super::recipes::{self, Facts};
use super::reported::{self, Reported};
use super::rows::{Mode, Point};
use crate::report::Refusal;
use crate::table::{Row, Table, ValidationError};

/// Columns that tell this form of table from the compiled one.
pub(super) const MARKS: [&str; 4] = ["isl", "osl", "parallelism", "concurrency_or_batch"];

/// Spellings that are no aliases of the catalog: the first that occurs wins, so longer names stand first.
const CHIPS: [(&str, &str); 19] = [
    ("gb300", "gb300"),
    ("gb200", "gb200"),
    ("gh200", "gh200-96"),
    ("b300", "b300-hgx"),
    ("b200", "b200-hgx"),
    ("h200nvl", "h200-nvl-141"),
    ("h200", "h200-sxm"),
    ("h100pcie", "h100-pcie"),
    ("h100nvl", "h100-nvl-94"),
    ("h100", "h100-sxm"),
    ("a100", "a100-sxm-80"),
    ("mi355", "mi355x"),
    ("mi325", "mi325x"),
    ("mi300a", "mi300a"),
    ("mi300", "mi300x"),
    ("gaudi3", "gaudi3"),
    ("gaudi2", "gaudi2"),
    ("rtxpro6000", "rtx-pro-6000"),
    ("l40s", "l40s"),
];

/// Endings of model names that say nothing about the shape.
const ENDINGS: [&str; 10] =
    ["instruct", "nvfp4", "fp8", "fp4", "bf16", "it", "2507", "thinking", "chat", "hf"];

/// Whether a table has the columns of this form.
pub(super) fn is_published(text: &str) -> bool {
    Table::read(text, &MARKS).is_ok()
}

/// The rows as points, those that do not state enough as refusals, and the number of rows.
pub(super) fn read(text: &str) -> Result<(Vec<Point>, Vec<Refusal>, usize), ValidationError> {
    let table = Table::read(text, &["model", "chip", "precision", "isl", "osl", "parallelism"])?;
    let mut names = Names::default();
    let (mut points, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for (i, row) in table.rows().enumerate() {
        rows += 1;
        let id = if row.text("id").is_empty() { format!("row-{}", i + 1) } else { row.text("id").to_owned() };
        match point(&row, &id, &mut names)? {
            Ok(p) => points.push(p),
            Err((reason, fully_specified)) => refused.push(Refusal {
                id,
                reason,
                fully_specified,
                cell: format!("{} · {} · {}", source(&row), row.text("model"), row.text("chip")),
                metric: "tpot_ms",
            }),
        }
    }
    Ok((points, refused, rows))
}

/// Entries of the catalog that were asked for.
#[derive(Default)]
struct Names {
    catalog: Catalog,
    models: BTreeMap<String, Option<(String, ModelShape)>>,
    chips: BTreeMap<String, Option<(String, Chip)>>,
    plain: Vec<(String, String)>,
}

fn plain(text: &str) -> String {
    text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

impl Names {
    fn model(&mut self, name: &str) -> Option<(String, ModelShape)> {
        if let Some(found) = self.models.get(name) {
            return found.clone();
        }
        let entry = self.catalog.entry(Kind::Models, name).ok().or_else(|| {
            if self.plain.is_empty() {
                for id in self.catalog.ids(Kind::Models) {
                    let Ok(entry) = self.catalog.entry(Kind::Models, id) else { continue };
                    self.plain.push((plain(id), id.to_owned()));
                    let aliases = entry.aliases();
                    self.plain.extend(aliases.iter().map(|a| (plain(last(a)), id.to_owned())));
                }
            }
            let mut wanted = plain(last(name));
            loop {
                if let Some((_, id)) = self.plain.iter().find(|(p, _)| *p == wanted) {
                    return self.catalog.entry(Kind::Models, id).ok();
                }
                let shorter = ENDINGS.iter().find_map(|e| wanted.strip_suffix(e)).map(str::to_owned)?;
                wanted = shorter;
            }
        });
        let found = entry.and_then(|e| Some((e.id.clone(), model_shape(&e).ok()?)));
        self.models.insert(name.to_owned(), found.clone());
        found
    }

    fn chip(&mut self, name: &str) -> Option<(String, Chip)> {
        if let Some(found) = self.chips.get(name) {
            return found.clone();
        }
        let spelt = plain(name);
        let entry = self.catalog.entry(Kind::Accelerators, name).ok().or_else(|| {
            let id = CHIPS.iter().find(|(word, _)| spelt.contains(word)).map(|(_, id)| *id)?;
            self.catalog.entry(Kind::Accelerators, id).ok()
        });
        let found = entry.and_then(|e| Some((e.id.clone(), chip(&e).ok()?)));
        self.chips.insert(name.to_owned(), found.clone());
        found
    }
}

/// A model's name without its organisation.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// First word of the source, which names it.
fn source<'a>(row: &Row<'a>) -> &'a str {
    row.text("source").split_whitespace().next().unwrap_or("unnamed")
}

/// Degrees of parallelism as far as the words say.
#[derive(Default)]
struct Degrees {
    tp: Option<u32>,
    pp: Option<u32>,
    ep: Option<u32>,
    dp: Option<u32>,
}

fn degrees(text: &str) -> Degrees {
    let mut d = Degrees::default();
    for word in text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()) {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let Ok(n) = digits.parse::<u32>() else { continue };
        if n == 0 {
            continue;
        }
        match &word[..word.len() - digits.len()] {
            "tp" => d.tp = Some(n),
            "pp" => d.pp = Some(n),
            "ep" | "moeep" => d.ep = Some(n),
            "adp" | "dp" => d.dp = Some(n),
            // Attention by data and experts by rank over the same chips; attention by tensor and experts by rank.
            "dep" => (d.tp, d.dp, d.ep) = (Some(1), Some(n), Some(n)),
            "tep" => (d.tp, d.dp, d.ep) = (Some(n), Some(1), Some(n)),
            _ => {}
        }
    }
    d
}

fn precision(text: &str) -> Option<Precision> {
    let word = text.to_lowercase();
    let has = |list: &[&str]| list.iter().any(|w| word.contains(w));
    if word.is_empty() || has(&["bf16", "fp16", "bfloat16", "float16"]) {
        Some(Precision::Bf16)
    } else if has(&["fp4", "int4", "mxfp4", "w4"]) {
        Some(Precision::Fp4)
    } else if has(&["fp8", "int8", "w8", "float8"]) {
        Some(Precision::Fp8)
    } else {
        None
    }
}

fn engine(text: &str) -> EngineFamily {
    let word = text.to_lowercase();
    // The vLLM of 2023 predates captured graphs and fused kernels: another family in all but name.
    if word.contains("2023") {
        EngineFamily::Other
    } else if word.contains("vllm") {
        EngineFamily::Vllm
    } else if word.contains("sglang") {
        EngineFamily::Sglang
    } else if word.contains("trt") || word.contains("tensorrt") {
        EngineFamily::TensorRtLlm
    } else {
        EngineFamily::Other
    }
}

/// TensorRT-LLM's performance overview ran checkpoints that ModelOpt quantised, whose keys and values are in eight bits; OpenAI's and
/// DeepSeek's own checkpoints leave them in sixteen.
fn modelopt(row: &Row, model: &str, weights: Precision) -> bool {
    let own = model.starts_with("gpt-oss") || (model.starts_with("deepseek") && weights == Precision::Fp8);
    row.text("source").contains("TensorRT-LLM") && weights != Precision::Bf16 && !own
}

type Refused = (String, bool);

fn open(reason: &str) -> Refused {
    (reason.to_owned(), false)
}

fn point(row: &Row, id: &str, names: &mut Names) -> Result<Result<Point, Refused>, ValidationError> {
    if row.text("notes").contains("SUSPECT") {
        return Ok(Err(open("the table flags the layout as suspect: excluded")));
    }
    let scenario = row.text("scenario").to_lowercase();
    let split = scenario.contains("disagg") || row.text("parallelism").to_lowercase().contains("disagg");
    let sides = if split { reported::pools(row.text("parallelism")) } else { None };
    if split && sides.is_none() {
        return Ok(Err(open("separate prefill and decode pools without the number of their workers")));
    }
    let mlperf = row.text("source").contains("MLPerf");
    let burst = scenario.contains("burst");
    let reported = split || mlperf || burst;
    if scenario.contains("fine-tune") {
        return Ok(Err(open("a training row")));
    }
    let positive = |column: &'static str| Ok::<_, ValidationError>(row.number(column)?.filter(|v| *v > 0.0));
    let (ttft, tpot, tokens) = (positive("ttft_ms")?, positive("tpot_ms")?, positive("tput_out_tok_s")?);
    let benchmark = row.text("model").to_lowercase();
    let stated = match (positive("isl")?, positive("osl")?) {
        (Some(prompt), Some(answer)) => Some((prompt, answer)),
        (None, Some(answer)) if burst => Some((reported::BURST_PROMPT, answer)),
        _ if mlperf => reported::mlperf_lengths(&benchmark),
        _ => None,
    };
    let Some(lengths) = stated else {
        return Ok(Err(open("the row does not say the lengths")));
    };
    let load = row.text("concurrency_or_batch").to_lowercase();
    let number = load.parse::<f64>().ok().filter(|v| *v > 0.0 && v.is_finite());
    let offline = load.contains("max") || (number.is_none() && scenario.contains("offline"));
    let mode = match (offline, number) {
        (true, _) if tokens.is_some() => Mode::Offline,
        _ if mlperf && tokens.is_some() => Mode::Offline,
        (_, Some(_)) if scenario.contains("static") => Mode::Static,
        (_, Some(_)) => Mode::Closed,
        _ => return Ok(Err(open("the row does not say how many requests are in flight"))),
    };
    if mode != Mode::Offline && ttft.is_none() && tpot.is_none() {
        return Ok(Err(open("nothing that is predicted was measured")));
    }
    let name =
        if mlperf { benchmark.trim_end_matches("-99.9").trim_end_matches("-99") } else { row.text("model") };
    let Some((model_id, model)) = names.model(name) else {
        return Ok(Err((format!("the catalog has no model \"{name}\""), !reported)));
    };
    if row.text("chip").contains(',') {
        return Ok(Err(open("more than one kind of chip")));
    }
    let Some((chip_id, chip)) = names.chip(row.text("chip")) else {
        return Ok(Err((format!("the catalog has no chip \"{}\"", row.text("chip")), !reported)));
    };
    // MLPerf entries that do not say it run in eight bits.
    let unstated = mlperf && row.text("precision").is_empty();
    let Some(weights) = precision(if unstated { "fp8" } else { row.text("precision") }) else {
        return Ok(Err((format!("unknown precision \"{}\"", row.text("precision")), true)));
    };
    let d = degrees(sides.map_or(row.text("parallelism"), |[_, (_, words)]| words));
    let chips = positive("num_chips")?.map(|n| n.round().clamp(1.0, 1e6) as u32);
    let pp = d.pp.unwrap_or(1);
    let tp = match (d.tp, chips) {
        (Some(tp), _) => tp,
        (None, Some(n)) => (n / pp / d.dp.unwrap_or(1)).max(1),
        (None, None) => return Ok(Err(open("the row says neither layout nor number of chips"))),
    };
    let tp = if mlperf { 1 } else { tp };
    let moe = model.moe.is_some();
    let dp_attention = if moe { d.dp.unwrap_or(1) } else { 1 };
    let replica = tp.saturating_mul(pp).saturating_mul(dp_attention);
    // Chips beyond one replica are further replicas that share the load.
    let replicas =
        chips.filter(|n| !reported && *n > replica && n.is_multiple_of(replica)).map_or(1, |n| n / replica);
    let share = f64::from(replicas);
    let stage = tp.saturating_mul(dp_attention);
    let ep = if moe { d.ep.unwrap_or(1).min(stage) } else { 1 };
    let recipe = recipes::recipe(&Facts {
        source: row.text("source"),
        engine: &row.text("engine").to_lowercase(),
        model: &model_id,
        chip: &chip_id,
        weights,
        tp,
        dp_attention,
        ep,
    });
    let (weights, ep) = (recipe.weights, recipe.ep);
    let network = Network::new(
        Bandwidth::from_bytes_per_s(0.5 * chip.scaleup_bandwidth.bytes_per_s()),
        chip.scaleup_domain,
        true,
        Bandwidth::from_gbit_per_s(400.0),
        1.0,
    );
    let layout = |d: &Degrees| {
        let (tp, dp) = (d.tp.unwrap_or(1), if moe { d.dp.unwrap_or(1) } else { 1 });
        let ep = if moe { d.ep.unwrap_or(1).min(tp * dp) } else { 1 };
        let ep = if (tp * dp).is_multiple_of(ep) { ep } else { 1 };
        Deployment { tp, pp: d.pp.unwrap_or(1), ep, dp_attention: dp, weights, kv: Precision::Bf16 }
    };
    let kind = match (sides, mlperf, burst) {
        (Some([(prefills, words), (decodes, _)]), ..) => {
            Some(Reported::Split { prefill: layout(&degrees(words)), prefills, decodes })
        }
        (None, true, _) => match chips {
            Some(chips) => {
                Some(Reported::Carried { chips, limits: reported::mlperf_limits(&benchmark, &scenario) })
            }
            None => return Ok(Err(open("the row does not say the number of chips"))),
        },
        (None, false, true) => Some(Reported::Burst),
        (None, false, false) => None,
    };
    Ok(Ok(Point {
        reported: kind,
        energy: positive("energy_j_per_out_tok")?,
        id: id.to_owned(),
        pair: format!("{model_id} · {chip_id}"),
        cell: format!("{} · {model_id} · {chip_id}", source(row)),
        mode,
        engine: engine(row.text("engine")),
        class: ChipClass::of_accelerator(&chip_id),
        deployment: Deployment {
            tp,
            pp,
            ep: if stage.is_multiple_of(ep) { ep } else { 1 },
            dp_attention,
            weights,
            kv: if mlperf {
                reported::mlperf_kv(weights)
            } else if modelopt(row, &model_id, weights) {
                Precision::Fp8
            } else {
                recipe.kv.unwrap_or(Precision::Bf16)
            },
        },
        layout_stated: !moe || d.dp.is_some(),
        speculation: recipes::speculation(recipe.draft_tokens),
        lengths: reported::lengths(lengths),
        concurrency: (number.unwrap_or(0.0) / share).max(if mode == Mode::Offline { 0.0 } else { 1.0 }),
        ttft,
        tpot,
        tokens: tokens.map(|t| t / share).filter(|_| mode == Mode::Offline),
        weight: 1.0,
        model,
        chip,
        network,
    }))
}
