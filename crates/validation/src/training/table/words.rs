//! What the words in a table's cells mean. A word that is not understood is an unstated value, never a fault.

use gigatwin_catalog::Precision;
use gigatwin_training::{ContextExchange, Offload, Recipe, Recompute, Zero};

use super::fields::leading_number;

/// `y` or `n` and their longer forms.
pub(super) fn yes_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "y" | "yes" | "true" | "1" => Some(true),
        "n" | "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// Number format and how it is scaled; none where the source leaves it open.
pub(super) fn precision(text: &str) -> Option<(Precision, Recipe)> {
    let t = text.to_lowercase();
    let open = t.contains(" or ") || t.contains("not resolved") || t.contains("see ");
    if t.is_empty() || open {
        return None;
    }
    let micro = t.contains("mx") || t.contains("nv");
    if t.contains("fp4") {
        return Some((Precision::Fp4, Recipe::Microscaled));
    }
    if t.contains("fp8") || t.contains("float8") || t.contains("e4m3") || t.contains("int8") {
        let recipe = if micro {
            Recipe::Microscaled
        } else if t.contains("block") || t.contains("subchannel") || t.contains("rowwise") {
            Recipe::Block
        } else {
            Recipe::PerTensor
        };
        return Some((Precision::Fp8, recipe));
    }
    let wide = ["16", "half", "mixed", "amp"].iter().any(|w| t.contains(w));
    wide.then_some((Precision::Bf16, Recipe::PerTensor))
}

/// What is recomputed; none where a recipe is only pointed to.
pub(super) fn recompute(text: &str) -> Option<Recompute> {
    let t = text.to_lowercase();
    if t.is_empty() || t.starts_with("see") || t.contains("recipe") {
        return None;
    }
    if t.contains("alternate") || (t.contains("selective") && t.contains(" ac")) {
        return Some(Recompute::Alternate);
    }
    if t.starts_with("full") || t == "y" || t == "yes" || t.contains("block") || t.contains("uniform") {
        return Some(Recompute::Full);
    }
    if t.starts_with("none") || t == "n" || t == "no" || t.starts_with("no ") {
        return Some(Recompute::None);
    }
    let cheap = ["selective", "core_attn", "moe_act", "layernorm", "mla_up_proj", "minimal"];
    cheap.iter().any(|w| t.contains(w)).then_some(Recompute::Selective)
}

/// What is kept in host memory.
pub(super) fn offload(text: &str) -> Offload {
    if text.to_lowercase().contains("offload") { Offload::Activations } else { Offload::None }
}

/// ZeRO stage, and the ranks of a sharding group where the source gives it.
pub(super) fn zero(text: &str) -> (Option<Zero>, Option<u32>) {
    let t = text.to_lowercase();
    let group = super::fields::number_near(&t, "group", false).filter(|n| *n > 0);
    let word = |w: &str| t.contains(w);
    let stage = match leading_number(&t) {
        Some(n) if n < 4.0 => Some(n as u32),
        _ => None,
    };
    let zero = match stage {
        Some(0) => Some(Zero::Replicated),
        Some(1) => Some(Zero::Optimizer),
        Some(2) => Some(Zero::Gradients),
        Some(_) => Some(Zero::Weights),
        None if word("grad_op") || word("zero2") || word("zero-2") => Some(Zero::Gradients),
        None if word("fsdp") || word("zero3") || word("zero-3") || word("full_shard") || word("hsdp") => {
            Some(Zero::Weights)
        }
        None if word("distributed opt") || word("zero1") || word("zero-1") => Some(Zero::Optimizer),
        None if word("ddp") || word("none") => Some(Zero::Replicated),
        None => None,
    };
    (zero, group)
}

/// How context ranks exchange keys and values.
pub(super) fn context(text: &str) -> Option<ContextExchange> {
    let t = text.to_lowercase();
    if t.contains("gather") {
        Some(ContextExchange::AllGather)
    } else if t.contains("ring") || t.contains("p2p") {
        Some(ContextExchange::Ring)
    } else {
        None
    }
}

/// Scale-out rate per chip in Gbit/s from a number or from words such as "RoCE 1600 Gb/s per node".
pub(super) fn network(text: &str, chips_per_node: f64) -> Option<f64> {
    if let Ok(v) = text.parse::<f64>() {
        return (v > 0.0).then_some(v);
    }
    let t = text.to_lowercase().replace("gbit/s", "gb/s").replace("gbps", "gb/s");
    let at = t.find("gb/s")?;
    let head = t.get(..at)?.trim_end();
    let digits: String = head.chars().rev().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let rate: f64 = digits.chars().rev().collect::<String>().parse().ok()?;
    let per_chip = if t.contains("per node") {
        rate / chips_per_node.max(1.0)
    } else if t.contains("per gpu") || t.contains("per chip") {
        rate
    } else {
        // Cards or host links are listed, not what a chip gets.
        return None;
    };
    (25.0..=4000.0).contains(&per_chip).then_some(per_chip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_sources_are_read() {
        assert_eq!(precision("fp8 or nvfp4 (not resolved)"), None);
        assert_eq!(precision("mxfp8"), Some((Precision::Fp8, Recipe::Microscaled)));
        assert_eq!(precision("fp8-current-scaling"), Some((Precision::Fp8, Recipe::PerTensor)));
        assert_eq!(precision("nvfp4"), Some((Precision::Fp4, Recipe::Microscaled)));
        assert_eq!(precision("fp16/bf16 (not stated)"), Some((Precision::Bf16, Recipe::PerTensor)));
        assert_eq!(recompute("see recipe (scripts/performance)"), None);
        assert_eq!(recompute("full (repo configs use_checkpoint=true)"), Some(Recompute::Full));
        assert_eq!(recompute("none (case names carry no recompute)"), Some(Recompute::None));
        assert_eq!(recompute("selective AC"), Some(Recompute::Alternate));
        assert_eq!(zero("fsdp(zero3) group 64"), (Some(Zero::Weights), Some(64)));
        assert_eq!(zero("SHARD_GRAD_OP"), (Some(Zero::Gradients), None));
        assert_eq!(zero("distributed optimizer (recipe default)"), (Some(Zero::Optimizer), None));
        assert_eq!(zero("3 (FSDP2)"), (Some(Zero::Weights), None));
        assert_eq!(network("RoCE 1600 Gb/s per node", 8.0), Some(200.0));
        assert_eq!(network("400 Gb/s per GPU (NVL72)", 4.0), Some(400.0));
        assert_eq!(network("Ethernet", 8.0), None);
    }
}
