//! What latent and sparse attention cost a step beyond attention with heads.

use gigatwin_catalog::{Attention, ModelShape};

use crate::deployment::kept;

/// Kernels that a layer of latent attention has beyond one with heads (query down, its norm and up; norm of the latent; two products that
/// absorb the up-projection), and those of an indexer (projections of query, key and weights, norm, rotation, two Hadamard products, two
/// quantisations, the write to its cache, scores, the choice), as public model code has them.
const LATENT_KERNELS: f64 = 6.0;
const INDEXER_KERNELS: f64 = 12.0;

/// Kernels of one layer's attention beyond those of attention with heads.
pub(crate) fn extra_kernels(model: &ModelShape) -> f64 {
    let latent = if matches!(model.attention, Attention::Latent { .. }) { LATENT_KERNELS } else { 0.0 };
    latent + model.indexer.map_or(0.0, |_| INDEXER_KERNELS)
}

/// FLOP of one token's attention in a causal sequence. With an indexer it attends to what was picked, after scoring everything in eight
/// bits, at twice the rate.
pub(crate) fn attention_flop(model: &ModelShape, sequence: f64) -> f64 {
    let full = model.attention_flop_per_token(sequence);
    let Some(i) = model.indexer else { return full };
    let picked = f64::from(i.picked);
    let attended =
        if sequence > picked { picked - picked * picked / (2.0 * sequence) } else { sequence / 2.0 };
    let scores =
        f64::from(model.attention_layers()) * f64::from(i.heads) * f64::from(i.head_dim) * sequence / 2.0;
    full * attended / (sequence / 2.0) + scores
}

/// Tokens whose keys and values a step reads of a context: what windows and an indexer leave of it.
pub(crate) fn read(model: &ModelShape, context: f64) -> f64 {
    let kept = kept(model, context);
    model.indexer.map_or(kept, |i| kept.min(f64::from(i.picked)))
}

#[cfg(test)]
mod tests {
    use gigatwin_catalog::{Catalog, Kind, model_shape};

    use super::*;

    #[test]
    fn an_indexer_bounds_what_is_read_and_attended_to() {
        let catalog = Catalog::embedded();
        let sparse = model_shape(&catalog.entry(Kind::Models, "glm-5").expect("an entry")).expect("a shape");
        let full = ModelShape { indexer: None, ..sparse.clone() };
        assert_eq!(read(&sparse, 1000.0), 1000.0);
        assert_eq!(read(&sparse, 100_000.0), 2048.0);
        let ratio = |tokens: f64| attention_flop(&sparse, tokens) / attention_flop(&full, tokens);
        assert!(ratio(1000.0) > 1.0, "short prompts pay for the index and save nothing");
        assert!(ratio(100_000.0) < 0.2, "{}", ratio(100_000.0));
        assert_eq!(extra_kernels(&sparse) - extra_kernels(&full), INDEXER_KERNELS);
    }
}
