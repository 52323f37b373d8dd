//! A job configuration of torchtitan (the TOML that its releases 0.1 and 0.2 read) and the script that starts it.

use std::fmt::Write as _;

use gigatwin_catalog::{Attention, FfnKind, ModelShape, Precision};
use gigatwin_training::{ContextExchange, Offload, Placement, Recipe, Recompute, Schedule, Zero};

use crate::{ExportError, ExportFile, TrainingExport, sbatch};

/// Models of torchtitan: name, flavour, layers, width, heads, experts.
const FLAVOURS: &[(&str, &str, u32, u32, u32, u32)] = &[
    ("llama3", "8B", 32, 4096, 32, 0),
    ("llama3", "70B", 80, 8192, 64, 0),
    ("llama3", "405B", 126, 16384, 128, 0),
    ("deepseek_v3", "16B", 27, 2048, 16, 64),
    ("deepseek_v3", "236B", 60, 5120, 128, 160),
    ("deepseek_v3", "671B", 61, 7168, 128, 256),
    ("qwen3", "0.6B", 28, 1024, 16, 0),
    ("qwen3", "1.7B", 28, 2048, 16, 0),
    ("qwen3", "4B", 36, 2560, 32, 0),
    ("qwen3", "8B", 36, 4096, 32, 0),
    ("qwen3", "14B", 40, 5120, 40, 0),
    ("qwen3", "32B", 64, 5120, 64, 0),
    ("qwen3", "30B-A3B", 48, 2048, 32, 128),
    ("qwen3", "235B-A22B", 94, 4096, 64, 128),
    ("gpt_oss", "20b", 24, 2880, 64, 32),
    ("gpt_oss", "120b", 36, 2880, 64, 128),
];

fn flavour(m: &ModelShape) -> Option<(&'static str, &'static str)> {
    let experts = m.moe.map_or(0, |e| e.experts);
    FLAVOURS
        .iter()
        .find(|f| f.2 == m.layers && f.3 == m.hidden && f.4 == m.heads && f.5 == experts)
        .filter(|_| m.ffn_kind == FfnKind::SwiGlu)
        .filter(|f| (f.0 == "deepseek_v3") == matches!(m.attention, Attention::Latent { .. }))
        .map(|f| (f.0, f.1))
}

/// The files of a run for torchtitan: `NAME-torchtitan.toml` and `NAME-torchtitan.sbatch`.
///
/// # Errors
/// Where torchtitan has no such model or cannot run the layout.
pub fn torchtitan(export: &TrainingExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    let task = export.task;
    let Some((name, size)) = flavour(&task.model) else {
        let known: Vec<String> = FLAVOURS.iter().map(|f| format!("{} {}", f.0, f.1)).collect();
        return Err(ExportError::Model {
            engine: "torchtitan",
            model: task.model_name.clone(),
            known: known.join(", "),
        });
    };
    refuse(export)?;
    let file = format!("{}-torchtitan.toml", task.name);
    let command = format!("-m torchtitan.train --job.config_file {file}");
    Ok(vec![
        ExportFile { name: file, text: export.comment() + &toml(export, name, size) },
        ExportFile {
            name: format!("{}-torchtitan.sbatch", task.name),
            text: sbatch::script(export, "torchtitan", &command),
        },
    ])
}

fn refuse(export: &TrainingExport<'_>) -> Result<(), ExportError> {
    let l = export.layout;
    let no = |what: &str, instead| {
        Err(ExportError::Unsupported { engine: "torchtitan", what: what.to_owned(), instead })
    };
    if l.pp > 1 && l.placement != Placement::ContextDataPipeline {
        return no("ranks in another order than tensor, context, data, pipeline", "choose tp-cp-dp-pp");
    }
    if l.precision == Precision::Fp4 {
        return no("fp4", "train in fp8 or bf16");
    }
    if matches!(l.offload, Offload::Activations | Offload::Both) {
        return no("activations kept on the host", "choose recomputation instead");
    }
    if l.expert_tp() > 1 && l.expert_tp() != l.tp {
        return no("experts cut differently from the rest", "choose etp of one or equal to tp");
    }
    Ok(())
}

fn schedule(export: &TrainingExport<'_>) -> &'static str {
    let l = export.layout;
    match (l.schedule, l.vpp) {
        (Schedule::OneForwardOneBackward, 1) => "1F1B",
        (Schedule::OneForwardOneBackward, _) => "Interleaved1F1B",
        (Schedule::ZeroBubble, 2) => "ZBVZeroBubble",
        (Schedule::ZeroBubble, _) => "InterleavedZeroBubble",
        (Schedule::DualPipe, _) => "DualPipeV",
    }
}

fn toml(export: &TrainingExport<'_>, name: &str, size: &str) -> String {
    let l = export.layout;
    let mut out = String::new();
    let mut section = |head: &str, lines: &[(&str, String)]| {
        let _ = writeln!(out, "[{head}]");
        for (key, value) in lines {
            let _ = writeln!(out, "{key} = {value}");
        }
        out.push('\n');
    };
    let text = |t: &str| format!("\"{t}\"");
    // Weights whole per replica are its "replicate", weights in shards its "shard" degree. Its data-parallel stages one and two
    // are done by the sharded wrapper that does not gather again.
    let (replicate, shard) = match (l.zero, l.shard) {
        (Zero::Replicated, _) => (l.dp, 1),
        (_, Some(n)) if n < l.dp => (l.dp / n.max(1), n),
        _ => (1, l.dp),
    };
    let converters = match (l.precision, l.recipe) {
        (Precision::Bf16, _) => "[]",
        (_, Recipe::Microscaled) => "[\"quantize.linear.mx\"]",
        _ => "[\"quantize.linear.float8\"]",
    };
    section(
        "job",
        &[
            ("dump_folder", text(&format!("./outputs/{}", export.task.name))),
            ("description", text(&export.task.name)),
        ],
    );
    section("metrics", &[("log_freq", "10".to_owned())]);
    section(
        "model",
        &[
            ("name", text(name)),
            ("flavor", text(size)),
            ("hf_assets_path", text("./assets/hf/MODEL")),
            ("converters", converters.to_owned()),
        ],
    );
    section("optimizer", &[("name", text("AdamW")), ("lr", "3e-4".to_owned()), ("eps", "1e-8".to_owned())]);
    section("lr_scheduler", &[("warmup_steps", "2000".to_owned())]);
    section(
        "training",
        &[
            // A pipeline cuts the local batch into micro-batches; without one it is the micro-batch.
            (
                "local_batch_size",
                if l.pp > 1 { l.global_batch / l.dp.max(1) } else { l.micro_batch }.to_string(),
            ),
            ("global_batch_size", l.global_batch.to_string()),
            ("seq_len", l.sequence.to_string()),
            ("max_norm", "1.0".to_owned()),
            ("steps", export.steps().to_string()),
            ("dataset", text("c4")),
            ("enable_cpu_offload", l.offload.optimizer().to_string()),
        ],
    );
    let mut parallelism = vec![
        ("data_parallel_replicate_degree", replicate.to_string()),
        ("data_parallel_shard_degree", shard.to_string()),
        ("fsdp_reshard_after_forward", text(if l.zero == Zero::Weights { "default" } else { "never" })),
        ("tensor_parallel_degree", l.tp.to_string()),
        ("enable_async_tensor_parallel", (l.tp > 1 && l.overlap.tensor).to_string()),
        ("pipeline_parallel_degree", l.pp.to_string()),
        ("context_parallel_degree", l.cp.to_string()),
        (
            "context_parallel_rotate_method",
            text(if l.context == ContextExchange::Ring { "alltoall" } else { "allgather" }),
        ),
        ("expert_parallel_degree", l.ep.to_string()),
        ("expert_tensor_parallel_degree", l.expert_tp().to_string()),
    ];
    if l.pp > 1 {
        parallelism.push(("pipeline_parallel_schedule", text(schedule(export))));
        parallelism.push(("pipeline_parallel_microbatch_size", l.micro_batch.to_string()));
        let per_stage = export.task.model.layers.div_ceil(l.pp * l.vpp.max(1)).max(1);
        parallelism.push(("pipeline_parallel_layers_per_stage", per_stage.to_string()));
    }
    section("parallelism", &parallelism);
    section(
        "checkpoint",
        &[
            ("enable", "true".to_owned()),
            ("interval", export.save_interval.to_string()),
            ("async_mode", text("async_with_pinned_mem")),
        ],
    );
    let (mode, option) = match l.recompute {
        Recompute::None => ("none", "2"),
        Recompute::Selective => ("selective", "op"),
        Recompute::Alternate => ("selective", "2"),
        Recompute::Full => ("full", "2"),
    };
    section("activation_checkpoint", &[("mode", text(mode)), ("selective_ac_option", text(option))]);
    section("compile", &[("enable", "true".to_owned())]);
    if l.precision == Precision::Fp8 {
        match l.recipe {
            Recipe::Microscaled => {
                section("quantize.linear.mx", &[("filter_fqns", "[\"output\"]".to_owned())])
            }
            Recipe::Block | Recipe::PerTensor => section(
                "quantize.linear.float8",
                &[
                    ("recipe_name", text(if l.recipe == Recipe::Block { "rowwise" } else { "tensorwise" })),
                    ("filter_fqns", "[\"output\"]".to_owned()),
                ],
            ),
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
