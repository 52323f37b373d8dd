//! What the public recipes of measured runs say beyond the tables: the format of keys and values, drafted tokens, experts by rank.
//!
//! The rows of aiconfigurator's sample that come from InferenceX (SemiAnalysis) were run by scripts in that project's repository
//! (`benchmarks/`, `.github/configs/nvidia-master.yaml`, `perf-changelog.yaml`, 2025-10 to 2026-04), which state their flags.

use gigatwin_catalog::Precision;
use gigatwin_quantity::Share;
use gigatwin_serving::Speculation;

/// Chance that a drafted token is accepted. TensorRT-LLM publishes a speed-up of 2.16 with three drafted tokens at batch one
/// (tech blog 2), which about 0.7 gives; the recipes answer random prompts, which are harder to guess.
const ACCEPTANCE: f64 = 0.6;
/// One further layer and the head on a model of 60 to 80 layers.
const DRAFT_COST: f64 = 0.03;

/// A row as far as the rules below look at it.
pub(super) struct Facts<'a> {
    pub source: &'a str,
    pub engine: &'a str,
    pub model: &'a str,
    pub chip: &'a str,
    pub weights: Precision,
    pub tp: u32,
    pub dp_attention: u32,
    pub ep: u32,
}

/// What the recipe adds.
pub(super) struct Recipe {
    pub weights: Precision,
    pub kv: Option<Precision>,
    pub draft_tokens: u32,
    pub ep: u32,
}

/// Speculation as the recipes have it, for so many drafted tokens.
pub(super) fn speculation(draft_tokens: u32) -> Option<Speculation> {
    (draft_tokens > 0).then(|| Speculation {
        draft_tokens,
        acceptance: Share::from_fraction(ACCEPTANCE),
        draft_cost: Share::from_fraction(DRAFT_COST),
        scatter: Share::ZERO,
    })
}

/// What the recipe of a row says. Looks at inputs only.
pub(super) fn recipe(f: &Facts) -> Recipe {
    // The checkpoints of gpt-oss keep their experts in MXFP4 on every chip (model card, arXiv 2508.10925).
    let weights = if f.model.starts_with("gpt-oss") { Precision::Fp4 } else { f.weights };
    let sample = f.source.contains("aiconfigurator");
    let public = sample && ["source_file=20", "gap-analysis", "db-dump"].iter().any(|w| f.source.contains(w));
    let hopper = f.chip.starts_with("h100") || f.chip.starts_with("h200");
    // Scripts without `kv-cache-dtype fp8`: bf16 models, gpt-oss and MiniMax on Hopper, Kimi K2.5.
    let sixteen = weights == Precision::Bf16
        || f.model == "kimi-k2"
        || (hopper && (f.model.starts_with("gpt-oss") || f.model == "minimax-m2"));
    // The sample's own runs on vLLM 0.12.0 with eight-bit weights: two of them are faster than sixteen-bit keys and values can be read.
    let own = sample && !public && f.engine.contains("vllm 0.12.0") && weights == Precision::Fp8;
    let kv = ((public && !sixteen) || own).then_some(Precision::Fp8);
    // The recipes with heads for further tokens: the only ones on TensorRT-LLM 1.2.0rc6.post3 (three tokens, one where the attention is
    // copied), and the only ones of Qwen3.5 in eight bits on SGLang 0.5.9 with four chips and experts by tensor (three).
    let draft_tokens = match f.model {
        "deepseek-v3" if public && f.engine.contains("1.2.0rc6.post3") => {
            if f.dp_attention > 1 {
                1
            } else {
                3
            }
        }
        "qwen3-5-397b-a17b"
            if public
                && f.engine.contains("sglang 0.5.9")
                && weights == Precision::Fp8
                && (f.tp, f.ep) == (4, 1) =>
        {
            3
        }
        _ => 0,
    };
    // The script of MiniMax-M2.5 on H200 passes `--enable-expert-parallel` from EP_SIZE 1 on.
    let by_rank = public && f.model == "minimax-m2" && f.chip.starts_with("h200");
    let ep = if by_rank { f.tp * f.dp_attention } else { f.ep };
    Recipe { weights, kv, draft_tokens, ep }
}
