use gigatwin_quantity::Dim;

use crate::{Attention, CatalogError, Entry, FfnKind, Indexer, ModelShape, Moe, StateSpace};

/// The shape that a model's catalog entry states.
///
/// # Errors
/// Where a needed figure is missing or a word is unknown.
pub fn model_shape(entry: &Entry) -> Result<ModelShape, CatalogError> {
    let fail = |what: String| CatalogError::Malformed { kind: entry.kind, id: entry.id.clone(), what };
    let optional = |key: &str| -> Result<Option<u32>, CatalogError> {
        Ok(entry.figure(key, Dim::Count)?.map(|v| v.distribution.base().round() as u32))
    };
    let need = |key: &str| optional(key)?.ok_or_else(|| fail(format!("{key}: missing")));
    let or_zero = |key: &str| Ok::<u32, CatalogError>(optional(key)?.unwrap_or(0));
    let ffn_kind = match entry.text("ffn_kind") {
        Some("swiglu" | "geglu") | None => FfnKind::SwiGlu,
        Some("gelu" | "relu") => FfnKind::Gelu,
        Some("relu2") => FfnKind::Relu2,
        Some(other) => return Err(fail(format!("ffn_kind: unknown \"{other}\""))),
    };
    let attention = match entry.text("attention") {
        Some("mla") => Attention::Latent {
            kv_lora_rank: need("kv_lora_rank")?,
            q_lora_rank: or_zero("q_lora_rank")?,
            rope_dim: need("rope_dim")?,
            nope_dim: need("nope_dim")?,
            value_dim: need("value_dim")?,
        },
        Some("mha" | "gqa" | "mqa") => Attention::Heads,
        other => return Err(fail(format!("attention: unknown {other:?}"))),
    };
    let moe = match optional("experts")? {
        Some(experts) if experts > 1 => Some(Moe {
            experts,
            active: need("experts_active")?,
            expert_ffn: need("expert_ffn")?,
            shared_experts: or_zero("shared_experts")?,
            dense_layers: or_zero("dense_layers")?,
            latent: optional("expert_latent")?,
        }),
        _ => None,
    };
    let sliding_window = match optional("sliding_window")? {
        Some(window) => Some((window, need("global_layer_every")?)),
        None => None,
    };
    let indexer = match optional("index_picked")? {
        Some(picked) if picked > 0 => {
            Some(Indexer { heads: need("index_heads")?, head_dim: need("index_head_dim")?, picked })
        }
        _ => None,
    };
    let state_space = match optional("state_space_layers")? {
        Some(layers) if layers > 0 => Some(StateSpace {
            layers,
            attention_layers: need("attention_layers")?,
            heads: need("state_space_heads")?,
            head_dim: need("state_space_head_dim")?,
            state: need("state_space_state")?,
            groups: need("state_space_groups")?,
        }),
        _ => None,
    };
    Ok(ModelShape {
        layers: need("layers")?,
        hidden: need("hidden")?,
        heads: need("heads")?,
        kv_heads: need("kv_heads")?,
        head_dim: need("head_dim")?,
        ffn: need("ffn")?,
        ffn_kind,
        vocabulary: need("vocabulary")?,
        context: need("context")?,
        tied_embeddings: entry.flag("tied_embeddings"),
        attention,
        moe,
        sliding_window,
        indexer,
        state_space,
        mtp_layers: or_zero("mtp_layers")?,
    })
}
