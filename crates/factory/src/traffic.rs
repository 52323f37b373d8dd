//! What a training step sends, as traffic that the flow simulation can replay. Bytes are counted as the step model
//! counts them (see the page of the training model); overlap with computation is left out.

use gigatwin_catalog::ModelShape;
use gigatwin_fabric::Collective;
use gigatwin_fabric::flow::{Overlap, Parallelism, Repeated, StepTraffic, Traffic};
use gigatwin_quantity::Data;
use gigatwin_training::{Layout, TrainingState, Zero};

/// The collectives of one step of a model with a layout, one phase each, beside each other or not.
pub fn step_traffic(m: &ModelShape, state: &TrainingState, l: &Layout, overlap: Overlap) -> Traffic {
    let (tp, pp) = (f64::from(l.tp), f64::from(l.pp));
    let hidden = f64::from(m.hidden);
    let micro = f64::from(l.micro_batches().max(1));
    let layers = (f64::from(m.layers) / pp).ceil();
    let tokens = f64::from(l.micro_batch) * f64::from(l.sequence) / f64::from(l.cp);
    let activation = tokens * hidden * 2.0;
    let go = |operation, bytes: f64, times: f64| Repeated {
        operation,
        bytes: Data::from_bytes(bytes),
        times: times.round().clamp(0.0, f64::from(u32::MAX)) as u32,
    };
    let mut step = StepTraffic::default();
    // Two blocks in a layer, forward and backward.
    let blocks = 4.0 * layers * micro;
    step.tensor = if l.sequence_parallel {
        vec![go(Collective::AllGather, activation, blocks), go(Collective::ReduceScatter, activation, blocks)]
    } else {
        vec![go(Collective::AllReduce, activation, blocks)]
    };
    let keys = tokens * f64::from(l.cp) * 2.0 * f64::from(m.kv_heads) * f64::from(m.head_dim) * 2.0 / tp;
    step.context = vec![go(Collective::AllGather, keys, 2.0 * layers * micro)];
    step.pipeline = vec![go(Collective::SendRecv, activation / tp, 2.0 * micro * f64::from(l.vpp))];
    if let Some(moe) = m.moe {
        let held = if l.sequence_parallel { tokens / tp } else { tokens };
        let routed = held * f64::from(moe.latent.unwrap_or(m.hidden)) * f64::from(moe.active) * 2.0;
        let expert_layers = (f64::from(m.moe_layers()) / pp).ceil();
        step.expert = vec![go(Collective::AllToAll, routed, 4.0 * expert_layers * micro)];
    }
    let embedding = m.embedding_parameters();
    let held = if l.pp == 1 { embedding } else { f64::from(m.vocabulary) * hidden };
    let common = ((m.non_expert_parameters() - embedding) / pp + held) / tp;
    let experts = f64::from(l.ep) * f64::from(l.expert_tp());
    let routed = (m.parameters() - m.non_expert_parameters()) / pp / experts;
    step.data = replicas(state, l, common, micro);
    step.expert_data = replicas(state, l, routed, micro);
    Parallelism {
        tensor: l.tp,
        context: l.cp,
        data: l.dp,
        pipeline: l.pp,
        expert: l.ep,
        expert_tensor: l.expert_tp(),
    }
    .traffic(&step, overlap)
}

/// Gradients reduced and weights gathered between replicas.
fn replicas(state: &TrainingState, l: &Layout, weights: f64, micro: f64) -> Vec<Repeated> {
    let go = |operation, bytes: f64, times: f64| Repeated {
        operation,
        bytes: Data::from_bytes(bytes.max(0.0)),
        times: times.round().clamp(1.0, f64::from(u32::MAX)) as u32,
    };
    let gradients = weights * state.gradient_wire_bytes;
    let rounds = if l.pp == 1 { micro } else { 1.0 };
    match l.zero {
        Zero::Replicated => vec![go(Collective::AllReduce, gradients, 1.0)],
        Zero::Optimizer | Zero::Gradients => vec![
            go(Collective::ReduceScatter, gradients, 1.0),
            go(Collective::AllGather, weights * state.weight_bytes, 1.0),
        ],
        Zero::Weights => {
            let gathers = if l.pp == 1 { 2.0 * rounds } else { 1.0 };
            vec![
                go(Collective::AllGather, weights * 2.0, gathers),
                go(Collective::ReduceScatter, gradients, rounds),
            ]
        }
    }
}
