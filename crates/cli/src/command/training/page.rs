//! A layout with its step, as text and as JSON.

use gigatwin_factory::training::TrainingTask;
use gigatwin_quantity::{Dim, Quantity};
use gigatwin_training::{Layout, Offload, Placement, Recompute, Schedule, StepOutcome, Zero};
use serde_json::{Value, json};

use super::target::{Chosen, precision_word};
use crate::context::Context;
use crate::layout::{Side, table};

/// Title: what runs on what.
pub fn title(context: &Context, chosen: &Chosen) -> String {
    let (t, f) = (&chosen.task, context.figures());
    format!(
        "{} on {} accelerators of {}\n{} sequences of {} tokens a step, {}\n",
        t.model_name,
        f.count(t.chips as usize),
        t.system,
        f.count(t.global_batch as usize),
        f.count(t.sequence as usize),
        precision_word(t.precision),
    )
}

/// A layout in the field's short words.
pub fn words(l: &Layout) -> String {
    let mut text = format!("TP{}", l.tp);
    for (name, size) in [("CP", l.cp), ("PP", l.pp), ("VPP", l.vpp), ("EP", l.ep), ("ETP", l.expert_tp())] {
        if size > 1 {
            text.push_str(&format!(" {name}{size}"));
        }
    }
    text.push_str(&format!(" DP{} µB{}", l.dp, l.micro_batch));
    if l.pp > 1 {
        text.push_str(&format!(" {}", schedule_word(l)));
    }
    text.push_str(match l.zero {
        Zero::Replicated => ", ZeRO 0",
        Zero::Optimizer => ", ZeRO 1",
        Zero::Gradients => ", ZeRO 2",
        Zero::Weights => ", ZeRO 3",
    });
    if l.pp > 1 && l.placement != Placement::default() {
        text.push_str(&format!(", ranks in the order {}", l.placement.word()));
    }
    if let Some(shard) = l.shard {
        text.push_str(&format!(" in shards of {shard}"));
    }
    text.push_str(match l.recompute {
        Recompute::None => ", no recompute",
        Recompute::Selective => ", selective recompute",
        Recompute::Alternate => ", every other operation recomputed",
        Recompute::Full => ", full recompute",
    });
    match l.offload {
        Offload::None => {}
        Offload::Optimizer => text.push_str(", optimizer on the host"),
        Offload::Activations => text.push_str(", activations on the host"),
        Offload::Both => text.push_str(", optimizer and activations on the host"),
    }
    text
}

/// Name of a pipeline's schedule.
pub fn schedule_word(l: &Layout) -> &'static str {
    match (l.schedule, l.vpp > 1) {
        (Schedule::OneForwardOneBackward, false) => "1F1B",
        (Schedule::OneForwardOneBackward, true) => "interleaved 1F1B",
        (Schedule::ZeroBubble, _) => "zero bubble",
        (Schedule::DualPipe, _) => "DualPipe",
    }
}

/// The parts of a step, by name, in seconds.
pub fn parts(o: &StepOutcome) -> [(&'static str, f64); 13] {
    let b = &o.breakdown;
    [
        ("matrix products", b.gemm.s()),
        ("attention", b.attention.s()),
        ("elementwise kernels", b.elementwise.s()),
        ("recomputation", b.recompute.s()),
        ("tensor-parallel communication", b.tensor.s()),
        ("context-parallel communication", b.context.s()),
        ("expert dispatch", b.expert.s()),
        ("sends between stages", b.pipeline.s()),
        ("pipeline bubble", b.bubble.s()),
        ("data-parallel communication", b.data.s()),
        ("optimizer update", b.optimizer.s()),
        ("host overhead", b.host.s()),
        ("stragglers", b.straggler.s()),
    ]
}

/// The parts of the memory of the fullest accelerator, by name, in bytes.
pub fn memory(o: &StepOutcome) -> [(&'static str, f64); 6] {
    let m = &o.memory;
    [
        ("weights", m.weights.base()),
        ("gradients", m.gradients.base()),
        ("optimizer", m.optimizer.base()),
        ("activations", m.activations.base()),
        ("transient buffers", m.transient.base()),
        ("workspace", m.workspace.base()),
    ]
}

/// What a step draws at the racks of the accelerators it uses; cooling and losses of the site come on top.
struct Energy {
    /// Watts per accelerator while it computes, only communicates, or waits.
    by_state: [f64; 3],
    /// Mean watts per accelerator.
    mean: f64,
    /// Joules of a step over all accelerators.
    step: f64,
    /// Joules per token.
    token: f64,
}

impl Energy {
    fn new(task: &TrainingTask, l: &Layout, o: &StepOutcome) -> Energy {
        let by_state = task.power.map(|p| p.w());
        let s = &o.shares;
        let mean = s.compute.fraction() * by_state[0]
            + s.communicate.fraction() * by_state[1]
            + s.idle.fraction() * by_state[2];
        let step = mean * l.chips() as f64 * o.step_time.s();
        Energy { by_state, mean, step, token: step / l.tokens() }
    }
}

/// Layout and step as a page.
pub fn step(context: &Context, task: &TrainingTask, l: &Layout, o: &StepOutcome) -> String {
    let f = context.figures();
    let s = o.step_time.s();
    let mut head: Vec<Vec<String>> = vec![
        vec!["layout".to_owned(), words(l)],
        vec![
            "step".to_owned(),
            format!(
                "{} [{}]",
                f.value(Dim::Time, s),
                f.range(Dim::Time, "", s * task.band.0, s * task.band.1)
            ),
        ],
        vec![
            "tokens".to_owned(),
            format!(
                "{}/s, {}/s per accelerator",
                f.value(Dim::Count, o.tokens_per_second),
                f.value(Dim::Count, o.tokens_per_second_per_chip)
            ),
        ],
        vec!["MFU".to_owned(), f.value(Dim::Share, o.mfu.fraction())],
        vec![
            "memory".to_owned(),
            format!(
                "{} of {} per accelerator",
                f.value(Dim::Data, o.memory.total().base()),
                f.value(Dim::Data, o.memory.capacity.base())
            ),
        ],
    ];
    let e = Energy::new(task, l, o);
    head.push(vec![
        "power".to_owned(),
        format!(
            "{} per accelerator ({} computing, {} communicating, {} waiting)",
            f.value(Dim::Power, e.mean),
            f.value(Dim::Power, e.by_state[0]),
            f.value(Dim::Power, e.by_state[1]),
            f.value(Dim::Power, e.by_state[2])
        ),
    ]);
    head.push(vec![
        "energy".to_owned(),
        format!(
            "{} a step, {} J per token, at the racks",
            f.value(Dim::Energy, e.step),
            f.decimal(e.token, 3)
        ),
    ]);
    if l.chips() < u64::from(task.chips) {
        head.push(vec![
            "idle".to_owned(),
            format!("{} accelerators", f.count((u64::from(task.chips) - l.chips()) as usize)),
        ]);
    }
    let mut out = table(&[Side::Left, Side::Left], &head);
    let share = |x: f64| f.value(Dim::Share, x);
    let mut rows: Vec<(&str, f64)> = parts(o).into_iter().filter(|p| p.1 > 1e-6 * s).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, t)| vec![name.to_owned(), f.value(Dim::Time, t), share(t / s)])
        .collect();
    out.push_str("\nWhere the step goes (slowest stage)\n");
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right], &rows));
    let all = o.memory.total().base();
    let rows: Vec<Vec<String>> = memory(o)
        .into_iter()
        .filter(|p| p.1 > 0.0)
        .map(|(name, b)| vec![name.to_owned(), f.value(Dim::Data, b), share(b / all)])
        .collect();
    out.push_str("\nMemory of the fullest accelerator\n");
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right], &rows));
    out
}

/// A layout for machines.
pub fn layout_json(l: &Layout) -> Value {
    json!({
        "tp": l.tp, "cp": l.cp, "pp": l.pp, "vpp": l.vpp, "ep": l.ep, "etp": l.expert_tp(), "dp": l.dp,
        "micro_batch": l.micro_batch, "global_batch": l.global_batch, "sequence": l.sequence,
        "accelerators": l.chips(),
        "zero": l.zero as u8,
        "shard": l.shard,
        "recompute": match l.recompute {
            Recompute::None => "none",
            Recompute::Selective => "selective",
            Recompute::Alternate => "alternate",
            Recompute::Full => "full",
        },
        "schedule": schedule_word(l),
        "placement": l.placement.word(),
        "offload": match l.offload {
            Offload::None => "none",
            Offload::Optimizer => "optimizer",
            Offload::Activations => "activations",
            Offload::Both => "both",
        },
        "precision": precision_word(l.precision),
        "words": words(l),
    })
}

/// A step for machines.
pub fn step_json(task: &TrainingTask, l: &Layout, o: &StepOutcome) -> Value {
    let s = o.step_time.s();
    let e = Energy::new(task, l, o);
    let named = |list: &[(&'static str, f64)]| -> serde_json::Map<String, Value> {
        list.iter().map(|(k, v)| (k.replace([' ', '-'], "_"), json!(v))).collect()
    };
    json!({
        "step_time_s": s,
        "low": s * task.band.0,
        "high": s * task.band.1,
        "tokens_per_second": o.tokens_per_second,
        "tokens_per_second_per_accelerator": o.tokens_per_second_per_chip,
        "mfu": o.mfu.fraction(),
        "parts_s": named(&parts(o)),
        "memory_bytes": o.memory.total().base(),
        "memory_capacity_bytes": o.memory.capacity.base(),
        "memory_parts_bytes": named(&memory(o)),
        "shares": {
            "compute": o.shares.compute.fraction(),
            "communicate": o.shares.communicate.fraction(),
            "idle": o.shares.idle.fraction(),
        },
        "power_w": {
            "compute": e.by_state[0], "communicate": e.by_state[1], "idle": e.by_state[2], "mean": e.mean,
            "all": e.mean * l.chips() as f64,
        },
        "energy_j": e.step,
        "energy_mwh": e.step / 3.6e9,
        "energy_j_per_token": e.token,
    })
}

/// The run for machines.
pub fn task_json(task: &TrainingTask) -> Value {
    json!({
        "name": task.name, "model": task.model_id, "model_name": task.model_name, "accelerator": task.chip_id,
        "system": task.system, "accelerators": task.chips, "sequence": task.sequence,
        "global_batch": task.global_batch, "precision": precision_word(task.precision), "tokens": task.tokens,
    })
}
