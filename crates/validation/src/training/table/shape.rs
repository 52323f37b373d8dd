//! The shape of a row's model: what the row states, and what the catalog knows of a model of that name.

use gigatwin_catalog::{Attention, Catalog, FfnKind, Kind, ModelShape, Moe, StateSpace, model_shape};

use super::Reason;
use super::fields::{Fields, number_near};
use super::words::yes_no;

/// Models by name as they are met in a table, so that each is looked up once.
pub(super) struct Models<'a> {
    catalog: &'a Catalog,
    known: std::collections::BTreeMap<String, Option<ModelShape>>,
}

impl<'a> Models<'a> {
    pub fn new(catalog: &'a Catalog) -> Models<'a> {
        Models { catalog, known: std::collections::BTreeMap::new() }
    }

    fn named(&mut self, name: &str) -> Option<ModelShape> {
        let key = name.trim().to_lowercase();
        if key.is_empty() {
            return None;
        }
        if let Some(found) = self.known.get(&key) {
            return found.clone();
        }
        let plain = key.replace(['_', ' '], "-");
        let found = [key.as_str(), plain.as_str(), plain.trim_end_matches("-base")]
            .iter()
            .find_map(|n| self.catalog.entry(Kind::Models, n).ok())
            .and_then(|entry| model_shape(&entry).ok());
        self.known.insert(key, found.clone());
        found
    }
}

/// Stacks of the GPT line: two matrices, full heads, a vocabulary of 50,257 padded to 51,200.
fn gpt_like(name: &str) -> bool {
    ["gpt-", "gpt3", "gpt2", "megatron", "mtnlg", "mt-nlg", "mpt", "opt-", "bloom", "turing"]
        .iter()
        .any(|w| name.starts_with(w))
}

/// Reads the shape of one row.
pub(super) fn shape(f: &Fields, models: &mut Models) -> Result<ModelShape, Reason> {
    let name = f.text("model").to_lowercase();
    let known = models.named(&name);
    let base = known.as_ref();
    let (Some(layers), Some(hidden), Some(heads)) = (
        f.count("layers").or(base.map(|b| b.layers)),
        f.count("hidden").or(base.map(|b| b.hidden)),
        f.count("heads").or(base.map(|b| b.heads)),
    ) else {
        return Err(Reason::Shape("layers, hidden size or heads are neither stated nor known".to_owned()));
    };
    // A model of the same name and width, perhaps with fewer layers: its other sizes hold.
    let base = base.filter(|b| b.hidden == hidden && b.heads == heads);
    let truncated = base.is_some_and(|b| layers < b.layers);
    let details = f.text("moe_details").to_lowercase();
    let gpt = gpt_like(&name);

    let ffn_kind = match f.text("ffn_kind") {
        "swiglu" => FfnKind::SwiGlu,
        "gelu" => FfnKind::Gelu,
        "relu2" => FfnKind::Relu2,
        _ => base.map_or_else(
            || match () {
                () if name.contains("nemotron") => FfnKind::Relu2,
                () if gpt && !name.contains("gpt-oss") => FfnKind::Gelu,
                () => FfnKind::SwiGlu,
            },
            |b| b.ffn_kind,
        ),
    };
    let head_dim = f
        .count("head_dim")
        .or(base.map(|b| b.head_dim))
        .or(number_near(&details, "head_dim", false))
        .unwrap_or((hidden / heads).max(1));
    let ffn = f.count("ffn").or(base.map(|b| b.ffn)).unwrap_or(match ffn_kind {
        // Two thirds of four, so that three matrices weigh as much as two, up to a multiple of 256 (Llama, arXiv 2302.13971).
        FfnKind::SwiGlu => (hidden.saturating_mul(8) / 3).div_ceil(256).saturating_mul(256),
        FfnKind::Gelu | FfnKind::Relu2 => hidden.saturating_mul(4),
    });
    // Megatron pads the vocabulary of its GPT models to a multiple of 1,024 (128 times eight tensor ranks).
    let padded = |v: u32| if gpt && v == 50_257 { 51_200 } else { v };
    let vocabulary = f
        .count("vocab")
        .or(base.map(|b| b.vocabulary))
        .map_or_else(|| if gpt { 51_200 } else { 128_256 }, padded);
    let moe = moe(f, base, &details, ffn, truncated);
    let state_space = state_space(base, layers);
    Ok(ModelShape {
        layers,
        hidden,
        heads,
        kv_heads: f.count("kv_heads").or(base.map(|b| b.kv_heads)).unwrap_or(heads),
        head_dim,
        ffn,
        ffn_kind,
        vocabulary,
        context: f.count("sequence").unwrap_or(0),
        tied_embeddings: yes_no(f.text("tied"))
            .or(base.map(|b| b.tied_embeddings))
            .unwrap_or(gpt && !name.contains("gpt-oss")),
        attention: attention(f, base, &details),
        moe,
        sliding_window: f
            .count("sliding_window")
            .zip(f.count("global_every"))
            .or(base.and_then(|b| b.sliding_window)),
        indexer: None,
        state_space,
        mtp_layers: f
            .whole("mtp_layers")
            .or(f.text("notes").contains("w/o MTP").then_some(0))
            .unwrap_or(base.filter(|_| !truncated).map_or(0, |b| b.mtp_layers)),
    })
}

fn attention(f: &Fields, base: Option<&ModelShape>, details: &str) -> Attention {
    let stated = f.count("kv_lora_rank").map(|kv_lora_rank| Attention::Latent {
        kv_lora_rank,
        q_lora_rank: f.whole("q_lora_rank").unwrap_or(0),
        rope_dim: f.count("rope_dim").unwrap_or(64),
        nope_dim: f.count("nope_dim").unwrap_or(128),
        value_dim: f.count("value_dim").unwrap_or(128),
    });
    if let Some(latent) = stated {
        return latent;
    }
    match base {
        Some(b) => b.attention,
        // Latent attention without its sizes takes those of DeepSeek-V3 (arXiv 2412.19437, section 4.2).
        None if details.contains("mla") => Attention::Latent {
            kv_lora_rank: 512,
            q_lora_rank: 1536,
            rope_dim: 64,
            nope_dim: 128,
            value_dim: 128,
        },
        None => Attention::Heads,
    }
}

fn moe(f: &Fields, base: Option<&ModelShape>, details: &str, ffn: u32, truncated: bool) -> Option<Moe> {
    let known = base.and_then(|b| b.moe);
    let experts = f.count("experts").or(known.map(|m| m.experts)).filter(|e| *e > 1)?;
    let from = |column: &str, of: fn(Moe) -> u32| f.whole(column).or(known.map(of));
    let dense_layers =
        from("dense_layers", |m| m.dense_layers).or(number_near(details, "first", false)).unwrap_or(0);
    Some(Moe {
        experts,
        active: from("experts_active", |m| m.active).unwrap_or(1).clamp(1, experts),
        expert_ffn: from("expert_ffn", |m| m.expert_ffn)
            .or(number_near(details, "moe_ffn", false))
            .unwrap_or(ffn),
        shared_experts: from("shared_experts", |m| m.shared_experts)
            .or(number_near(details, "shared", true))
            .unwrap_or(0),
        // A model cut to a few layers for one node keeps one dense layer (see `validation/training.md`).
        dense_layers: if truncated { dense_layers.min(1) } else { dense_layers },
        latent: known.and_then(|m| m.latent),
    })
}

/// A hybrid of other depth keeps its proportions.
fn state_space(base: Option<&ModelShape>, layers: u32) -> Option<StateSpace> {
    let (b, s) = base.and_then(|b| b.state_space.map(|s| (b, s)))?;
    if b.layers == layers {
        return Some(s);
    }
    let scaled = |n: u32| (f64::from(n) * f64::from(layers) / f64::from(b.layers.max(1))).round() as u32;
    Some(StateSpace { layers: scaled(s.layers), attention_layers: scaled(s.attention_layers), ..s })
}
