//! The shape of a decoder transformer and what follows from it by counting.

/// How a feed-forward block is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FfnKind {
    /// Three matrices (gate, up, down).
    SwiGlu,
    /// Two matrices.
    Gelu,
    /// Two matrices with squared ReLU.
    Relu2,
}

impl FfnKind {
    /// Matrices of size hidden × ffn.
    pub fn matrices(self) -> f64 {
        match self {
            FfnKind::SwiGlu => 3.0,
            FfnKind::Gelu | FfnKind::Relu2 => 2.0,
        }
    }
}

/// How keys and values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Multi-head, grouped-query or multi-query attention, by `kv_heads`.
    Heads,
    /// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434).
    Latent {
        /// Rank of the joint key-value compression.
        kv_lora_rank: u32,
        /// Rank of the query compression; zero where queries are not compressed.
        q_lora_rank: u32,
        /// Rotary part of a head.
        rope_dim: u32,
        /// Part of a head without position.
        nope_dim: u32,
        /// Value part of a head.
        value_dim: u32,
    },
}

/// The indexer of sparse attention: a narrow attention that scores all earlier tokens and picks those the layer attends to
/// (DeepSeek-V3.2, arXiv 2512.02556).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexer {
    /// Its heads.
    pub heads: u32,
    /// Width of one head, and of the key that it keeps of each token.
    pub head_dim: u32,
    /// Tokens that a query attends to.
    pub picked: u32,
}

/// The mixture of experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moe {
    /// Routed experts per layer.
    pub experts: u32,
    /// Routed experts a token visits.
    pub active: u32,
    /// Intermediate size of one expert.
    pub expert_ffn: u32,
    /// Experts every token visits.
    pub shared_experts: u32,
    /// Leading layers with a dense feed-forward block.
    pub dense_layers: u32,
    /// Width at which tokens are sent to routed experts and come back, where it is narrower than the residual stream
    /// (projected down before dispatch and up after combination); none where experts see the whole width.
    pub latent: Option<u32>,
}

/// State-space mixers of a hybrid model (Mamba-2, arXiv 2405.21060). In a hybrid a layer holds one mixer only:
/// state space, attention or feed-forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateSpace {
    /// Layers with a state-space mixer.
    pub layers: u32,
    /// Layers with attention; the rest of the model's layers hold a feed-forward block or experts.
    pub attention_layers: u32,
    /// Heads.
    pub heads: u32,
    /// Width of one head.
    pub head_dim: u32,
    /// State per channel.
    pub state: u32,
    /// Groups that share input and output projections of the state.
    pub groups: u32,
}

impl StateSpace {
    /// Width of the mixer: heads times their width.
    pub fn inner(&self) -> f64 {
        f64::from(self.heads) * f64::from(self.head_dim)
    }

    /// Outputs of the input projection: gate and value, state input and output of each group, one step size per head.
    pub fn projected(&self) -> f64 {
        2.0 * self.inner() + 2.0 * f64::from(self.groups) * f64::from(self.state) + f64::from(self.heads)
    }

    /// Weights of one mixer (projections; the short convolution left out, below 0.1 %).
    pub fn parameters(&self, hidden: f64) -> f64 {
        hidden * (self.projected() + self.inner())
    }

    /// Forward FLOP of one token in the scan, beyond its projections: chunks of 256 tokens as masked products (causal, half),
    /// states written and read once per chunk.
    pub fn scan_flop_per_token(&self) -> f64 {
        let (inner, state) = (self.inner(), f64::from(self.state));
        const CHUNK: f64 = 256.0;
        let scores = f64::from(self.groups) * state * CHUNK;
        scores + inner * CHUNK + 4.0 * inner * state
    }
}

/// A decoder transformer. All sizes in elements.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelShape {
    /// Transformer layers.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Query heads.
    pub heads: u32,
    /// Key-value heads.
    pub kv_heads: u32,
    /// Width of one head.
    pub head_dim: u32,
    /// Intermediate size of a dense feed-forward block.
    pub ffn: u32,
    /// Its kind.
    pub ffn_kind: FfnKind,
    /// Tokens in the vocabulary.
    pub vocabulary: u32,
    /// Context length the model is built for, in tokens.
    pub context: u32,
    /// Whether input and output embeddings are one matrix.
    pub tied_embeddings: bool,
    /// Kind of attention.
    pub attention: Attention,
    /// Mixture of experts, if any.
    pub moe: Option<Moe>,
    /// Window of local layers in tokens and the spacing of global layers (every n-th), if any.
    pub sliding_window: Option<(u32, u32)>,
    /// Indexer of sparse attention, if any. Serving knows it; training counts full attention.
    pub indexer: Option<Indexer>,
    /// State-space mixers of a hybrid, if any.
    pub state_space: Option<StateSpace>,
    /// Modules that predict further tokens behind the last layer, each one layer and the head again (DeepSeek-V3, arXiv
    /// 2412.19437, section 2.2); zero for none.
    pub mtp_layers: u32,
}

impl ModelShape {
    /// Attention weights of one layer (projections; norms and biases left out, below 0.1 %).
    pub fn attention_parameters(&self) -> f64 {
        let h = f64::from(self.hidden);
        let heads = f64::from(self.heads);
        match self.attention {
            Attention::Heads => {
                let d = f64::from(self.head_dim);
                2.0 * h * heads * d + 2.0 * h * f64::from(self.kv_heads) * d
            }
            Attention::Latent { kv_lora_rank, q_lora_rank, rope_dim, nope_dim, value_dim } => {
                let (kv, q) = (f64::from(kv_lora_rank), f64::from(q_lora_rank));
                let (rope, nope, value) = (f64::from(rope_dim), f64::from(nope_dim), f64::from(value_dim));
                let query =
                    if q > 0.0 { h * q + q * heads * (rope + nope) } else { h * heads * (rope + nope) };
                query + h * (kv + rope) + kv * heads * (nope + value) + heads * value * h
            }
        }
    }

    /// Weights of one dense feed-forward block.
    pub fn dense_ffn_parameters(&self) -> f64 {
        self.ffn_kind.matrices() * f64::from(self.hidden) * f64::from(self.ffn)
    }

    /// Weights of one routed expert; zero for dense models.
    pub fn expert_parameters(&self) -> f64 {
        self.moe.map_or(0.0, |m| self.ffn_kind.matrices() * self.routed_width() * f64::from(m.expert_ffn))
    }

    /// Width at which routed experts see a token.
    pub fn routed_width(&self) -> f64 {
        f64::from(self.moe.and_then(|m| m.latent).unwrap_or(self.hidden))
    }

    /// Layers with attention.
    pub fn attention_layers(&self) -> u32 {
        self.state_space.map_or(self.layers, |s| s.attention_layers.min(self.layers))
    }

    /// Layers with a state-space mixer.
    pub fn state_space_layers(&self) -> u32 {
        self.state_space.map_or(0, |s| s.layers.min(self.layers))
    }

    /// Layers with a feed-forward block or experts.
    pub fn ffn_layers(&self) -> u32 {
        match self.state_space {
            Some(s) => self.layers.saturating_sub(s.layers.saturating_add(s.attention_layers)),
            None => self.layers,
        }
    }

    /// Layers with experts.
    pub fn moe_layers(&self) -> u32 {
        self.moe.map_or(0, |m| self.ffn_layers().saturating_sub(m.dense_layers))
    }

    /// Weights of the embedding and the head together.
    pub fn embedding_parameters(&self) -> f64 {
        let one = f64::from(self.vocabulary) * f64::from(self.hidden);
        if self.tied_embeddings { one } else { 2.0 * one }
    }

    /// All weights, without modules for further tokens.
    pub fn parameters(&self) -> f64 {
        self.count(|m| f64::from(m.experts))
    }

    /// Weights that one token passes through, both embeddings counted.
    pub fn active_parameters(&self) -> f64 {
        self.count(|m| f64::from(m.active))
    }

    /// Weights outside the routed experts: what every replica or tensor group holds.
    pub fn non_expert_parameters(&self) -> f64 {
        self.count(|_| 0.0)
    }

    fn count(&self, routed: impl Fn(&Moe) -> f64) -> f64 {
        let layers = f64::from(self.layers);
        let hidden = f64::from(self.hidden);
        let moe_layers = f64::from(self.moe_layers());
        let mut sum = self.embedding_parameters()
            + layers * 2.0 * hidden
            + f64::from(self.attention_layers()) * self.attention_parameters()
            + (f64::from(self.ffn_layers()) - moe_layers) * self.dense_ffn_parameters();
        if let Some(s) = &self.state_space {
            sum += f64::from(self.state_space_layers()) * s.parameters(hidden);
        }
        if let Some(m) = &self.moe {
            let router = hidden * f64::from(m.experts);
            let latent = m.latent.map_or(0.0, |w| 2.0 * hidden * f64::from(w));
            let shared =
                f64::from(m.shared_experts) * self.ffn_kind.matrices() * hidden * f64::from(m.expert_ffn);
            sum += moe_layers * (router + latent + shared + self.expert_parameters() * routed(m));
        }
        sum
    }

    /// Key and value scalars kept per token over all layers (latent attention keeps rank plus rotary part).
    pub fn kv_scalars_per_token(&self) -> f64 {
        let per_layer = match self.attention {
            Attention::Heads => 2.0 * f64::from(self.kv_heads) * f64::from(self.head_dim),
            Attention::Latent { kv_lora_rank, rope_dim, .. } => f64::from(kv_lora_rank + rope_dim),
        };
        per_layer * f64::from(self.attention_layers())
    }

    /// Width of the attention scores' inner product, per head.
    pub fn score_dim(&self) -> f64 {
        match self.attention {
            Attention::Heads => f64::from(self.head_dim),
            Attention::Latent { rope_dim, nope_dim, .. } => f64::from(rope_dim + nope_dim),
        }
    }

    /// Width of the values, per head.
    pub fn value_dim(&self) -> f64 {
        match self.attention {
            Attention::Heads => f64::from(self.head_dim),
            Attention::Latent { value_dim, .. } => f64::from(value_dim),
        }
    }

    /// Mean number of earlier tokens one query attends to in a causal sequence of `sequence` tokens, averaged over
    /// local and global layers.
    pub fn mean_attended(&self, sequence: f64) -> f64 {
        let global = sequence / 2.0;
        match self.sliding_window {
            Some((window, every)) if every > 0 && f64::from(window) < sequence => {
                let w = f64::from(window);
                let local = w - w * w / (2.0 * sequence);
                let share = 1.0 / f64::from(every);
                share * global + (1.0 - share) * local
            }
            _ => global,
        }
    }

    /// Forward FLOP of one token at a sequence length: two per active weight (input embedding is a look-up and does not
    /// count) plus causal attention, 2·(score + value)·heads per attended token and layer.
    pub fn forward_flop_per_token(&self, sequence: f64) -> f64 {
        let one_embedding = f64::from(self.vocabulary) * f64::from(self.hidden);
        let embedding = self.embedding_parameters() - one_embedding;
        let weights = self.active_parameters() - self.embedding_parameters() + embedding.max(one_embedding);
        let scan = self.state_space.map_or(0.0, |s| s.scan_flop_per_token());
        2.0 * weights + self.attention_flop_per_token(sequence) + f64::from(self.state_space_layers()) * scan
    }

    /// The attention part of [`Self::forward_flop_per_token`].
    pub fn attention_flop_per_token(&self, sequence: f64) -> f64 {
        2.0 * f64::from(self.heads)
            * (self.score_dim() + self.value_dim())
            * self.mean_attended(sequence)
            * f64::from(self.attention_layers())
    }
}
