//! Arguments of Megatron-LM, overrides of Megatron-Bridge, and the script that starts either.

use std::fmt::Write as _;

use gigatwin_catalog::{Attention, FfnKind, Precision};
use gigatwin_training::{ContextExchange, Offload, Placement, Recipe, Recompute, Schedule, Zero};

use crate::{ExportError, ExportFile, TrainingExport, sbatch};

/// A setting: flag of Megatron-LM, field of Megatron-Bridge's configuration with its section, value (none for a switch).
struct Setting {
    flag: &'static str,
    field: Option<(&'static str, &'static str)>,
    value: Option<String>,
}

/// Collects settings once for both engines.
#[derive(Default)]
struct Settings(Vec<Setting>);

impl Settings {
    fn put(&mut self, flag: &'static str, section: &'static str, field: &'static str, v: impl ToString) {
        self.0.push(Setting { flag, field: Some((section, field)), value: Some(v.to_string()) });
    }

    fn switch(&mut self, flag: &'static str, section: &'static str, field: &'static str) {
        self.0.push(Setting { flag, field: Some((section, field)), value: None });
    }

    /// A flag that Megatron-Bridge sets by other means.
    fn flag_only(&mut self, flag: &'static str, value: Option<String>) {
        self.0.push(Setting { flag, field: None, value });
    }
}

/// The files of a run for Megatron-LM and Megatron-Bridge: `NAME-megatron.args`, `NAME-megatron-bridge.yaml`,
/// `NAME-megatron.sbatch`.
///
/// # Errors
/// Where Megatron cannot run the layout (a zero-bubble pipeline, a hybrid model).
pub fn megatron(export: &TrainingExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    refuse(export)?;
    let mut s = Settings::default();
    model(export, &mut s);
    parallelism(export, &mut s);
    numbers(export, &mut s);
    let name = &export.task.name;
    let arguments = format!("{name}-megatron.args");
    let command = format!("\"$ENGINE_HOME/pretrain_gpt.py\" $(grep -v \"^#\" {arguments})");
    Ok(vec![
        ExportFile { name: arguments, text: export.comment() + &as_flags(export, &s) },
        ExportFile { name: format!("{name}-megatron-bridge.yaml"), text: export.comment() + &as_yaml(&s) },
        ExportFile {
            name: format!("{name}-megatron.sbatch"),
            text: sbatch::script(export, "megatron", &command),
        },
    ])
}

fn refuse(export: &TrainingExport<'_>) -> Result<(), ExportError> {
    let l = export.layout;
    let no = |what: &str, instead| {
        Err(ExportError::Unsupported { engine: "Megatron", what: what.to_owned(), instead })
    };
    if export.task.model.state_space.is_some() {
        return no("a hybrid model through pretrain_gpt.py", "write pretrain_mamba.py's arguments by hand");
    }
    if l.pp > 1 && l.schedule == Schedule::ZeroBubble {
        return no("a zero-bubble pipeline", "give the run a layout with the 1F1B schedule");
    }
    if l.pp > 1 && !matches!(l.placement, Placement::ContextDataPipeline | Placement::ContextPipelineData) {
        return no("ranks in this order", "choose tp-cp-dp-pp or tp-cp-pp-dp");
    }
    if l.recompute == Recompute::Alternate {
        return no("recomputation of every other operation", "choose selective or full recomputation");
    }
    Ok(())
}

fn model(export: &TrainingExport<'_>, s: &mut Settings) {
    let (task, m) = (export.task, &export.task.model);
    s.put("num-layers", "model", "num_layers", m.layers);
    s.put("hidden-size", "model", "hidden_size", m.hidden);
    s.put("ffn-hidden-size", "model", "ffn_hidden_size", m.ffn);
    s.put("num-attention-heads", "model", "num_attention_heads", m.heads);
    match m.attention {
        Attention::Heads => {
            s.put("kv-channels", "model", "kv_channels", m.head_dim);
            if m.kv_heads < m.heads {
                s.flag_only("group-query-attention", None);
                s.put("num-query-groups", "model", "num_query_groups", m.kv_heads);
            }
        }
        Attention::Latent { kv_lora_rank, q_lora_rank, rope_dim, nope_dim, value_dim } => {
            s.switch("multi-latent-attention", "model", "multi_latent_attention");
            if q_lora_rank > 0 {
                s.put("q-lora-rank", "model", "q_lora_rank", q_lora_rank);
            }
            s.put("kv-lora-rank", "model", "kv_lora_rank", kv_lora_rank);
            s.put("qk-head-dim", "model", "qk_head_dim", nope_dim);
            s.put("qk-pos-emb-head-dim", "model", "qk_pos_emb_head_dim", rope_dim);
            s.put("v-head-dim", "model", "v_head_dim", value_dim);
        }
    }
    match m.ffn_kind {
        FfnKind::SwiGlu => s.flag_only("swiglu", None),
        FfnKind::Relu2 => s.flag_only("squared-relu", None),
        FfnKind::Gelu => {}
    }
    if m.ffn_kind != FfnKind::Gelu {
        s.put("normalization", "model", "normalization", "RMSNorm");
        s.flag_only("disable-bias-linear", None);
        s.flag_only("position-embedding-type", Some("rope".to_owned()));
    }
    if !m.tied_embeddings {
        s.flag_only("untie-embeddings-and-output-weights", None);
    }
    if let Some((window, every)) = m.sliding_window {
        s.flag_only("window-size", Some(format!("{},0", window.saturating_sub(1))));
        s.flag_only("window-attn-skip-freq", Some(every.to_string()));
    }
    if let Some(moe) = &m.moe {
        s.put("num-experts", "model", "num_moe_experts", moe.experts);
        s.put("moe-router-topk", "model", "moe_router_topk", moe.active);
        s.put("moe-ffn-hidden-size", "model", "moe_ffn_hidden_size", moe.expert_ffn);
        if moe.shared_experts > 0 {
            let width = moe.shared_experts * moe.expert_ffn;
            s.put(
                "moe-shared-expert-intermediate-size",
                "model",
                "moe_shared_expert_intermediate_size",
                width,
            );
        }
        if moe.dense_layers > 0 {
            let pattern = format!("([0]*{}+[1]*{})", moe.dense_layers, m.moe_layers());
            s.put("moe-layer-freq", "model", "moe_layer_freq", pattern);
        }
        s.switch("moe-grouped-gemm", "model", "moe_grouped_gemm");
        s.put("moe-token-dispatcher-type", "model", "moe_token_dispatcher_type", "alltoall");
        s.switch("moe-permute-fusion", "model", "moe_permute_fusion");
    }
    if m.mtp_layers > 0 {
        s.put("mtp-num-layers", "model", "mtp_num_layers", m.mtp_layers);
    }
    s.put("seq-length", "model", "seq_length", export.layout.sequence);
    s.flag_only("max-position-embeddings", Some(m.context.max(export.layout.sequence).to_string()));
    // Data and tokenizer are the user's; these make the step what was predicted, on random tokens.
    s.flag_only("mock-data", None);
    s.flag_only("tokenizer-type", Some("NullTokenizer".to_owned()));
    s.put("vocab-size", "model", "vocab_size", task.model.vocabulary);
    s.flag_only("transformer-impl", Some("transformer_engine".to_owned()));
    s.flag_only("attention-backend", Some("auto".to_owned()));
}

fn parallelism(export: &TrainingExport<'_>, s: &mut Settings) {
    let (l, m) = (export.layout, &export.task.model);
    s.put("tensor-model-parallel-size", "model", "tensor_model_parallel_size", l.tp);
    if l.tp > 1 && l.sequence_parallel {
        s.switch("sequence-parallel", "model", "sequence_parallel");
        if l.overlap.tensor {
            s.switch("tp-comm-overlap", "model", "tp_comm_overlap");
        }
    }
    s.put("context-parallel-size", "model", "context_parallel_size", l.cp);
    if l.cp > 1 {
        let kind = match l.context {
            ContextExchange::Ring => "p2p",
            ContextExchange::AllGather => "all_gather",
        };
        s.put("cp-comm-type", "model", "cp_comm_type", kind);
    }
    s.put("pipeline-model-parallel-size", "model", "pipeline_model_parallel_size", l.pp);
    if l.pp > 1 {
        stages(export, s);
        if l.placement == Placement::ContextPipelineData {
            s.switch("use-tp-pp-dp-mapping", "dist", "use_tp_pp_dp_mapping");
        }
    }
    if m.moe.is_some() {
        s.put("expert-model-parallel-size", "model", "expert_model_parallel_size", l.ep);
        s.put("expert-tensor-parallel-size", "model", "expert_tensor_parallel_size", l.expert_tp());
        if l.overlap.expert || (l.pp > 1 && l.schedule == Schedule::DualPipe) {
            s.switch("overlap-moe-expert-parallel-comm", "model", "overlap_moe_expert_parallel_comm");
            s.switch("delay-wgrad-compute", "model", "delay_wgrad_compute");
        }
    }
    match l.zero {
        Zero::Replicated => {}
        Zero::Optimizer => s.switch("use-distributed-optimizer", "ddp", "use_distributed_optimizer"),
        Zero::Gradients | Zero::Weights => {
            let strategy = if l.zero == Zero::Weights { "optim_grads_params" } else { "optim_grads" };
            s.switch("use-distributed-optimizer", "ddp", "use_distributed_optimizer");
            s.switch("use-megatron-fsdp", "ddp", "use_megatron_fsdp");
            s.put("data-parallel-sharding-strategy", "ddp", "data_parallel_sharding_strategy", strategy);
        }
    }
    if l.overlap.data {
        s.switch("overlap-grad-reduce", "ddp", "overlap_grad_reduce");
        if l.zero >= Zero::Optimizer {
            s.switch("overlap-param-gather", "ddp", "overlap_param_gather");
        }
    }
    if matches!(l.offload, Offload::Optimizer | Offload::Both) {
        s.switch("optimizer-cpu-offload", "optimizer", "optimizer_cpu_offload");
    }
}

/// Layers over stages: what does not divide is evened out by counting the head, or embedding and head, as a layer, else the
/// last stage is the short one.
fn stages(export: &TrainingExport<'_>, s: &mut Settings) {
    let (l, layers) = (export.layout, export.task.model.layers);
    if l.vpp > 1 {
        s.put("num-virtual-stages-per-pipeline-rank", "model", "virtual_pipeline_model_parallel_size", l.vpp);
        if l.overlap.pipeline {
            // On by default in Megatron-LM, off in Megatron-Bridge.
            s.0.push(Setting {
                flag: "",
                field: Some(("model", "overlap_p2p_comm")),
                value: Some("true".to_owned()),
            });
        }
    }
    let parts = l.pp * l.vpp.max(1);
    if layers.is_multiple_of(parts) {
        return;
    }
    if (layers + 1).is_multiple_of(parts) {
        s.switch("account-for-loss-in-pipeline-split", "model", "account_for_loss_in_pipeline_split");
    } else if (layers + 2).is_multiple_of(parts) {
        s.switch(
            "account-for-embedding-in-pipeline-split",
            "model",
            "account_for_embedding_in_pipeline_split",
        );
        s.switch("account-for-loss-in-pipeline-split", "model", "account_for_loss_in_pipeline_split");
    } else {
        let each = layers.div_ceil(l.pp);
        let last = layers.saturating_sub(each * (l.pp - 1)).max(1);
        s.put("decoder-last-pipeline-num-layers", "model", "num_layers_in_last_pipeline_stage", last);
    }
}

fn numbers(export: &TrainingExport<'_>, s: &mut Settings) {
    let l = export.layout;
    s.put("micro-batch-size", "train", "micro_batch_size", l.micro_batch);
    s.put("global-batch-size", "train", "global_batch_size", l.global_batch);
    s.put("train-iters", "train", "train_iters", export.steps());
    s.switch("bf16", "model", "bf16");
    let fp8 = match l.recipe {
        Recipe::PerTensor => "tensorwise",
        Recipe::Block => "blockwise",
        Recipe::Microscaled => "mxfp8",
    };
    match l.precision {
        Precision::Bf16 => {}
        Precision::Fp8 => {
            let format = if l.recipe == Recipe::PerTensor { "hybrid" } else { "e4m3" };
            s.put("fp8-format", "model", "fp8", format);
            s.put("fp8-recipe", "model", "fp8_recipe", fp8);
        }
        Precision::Fp4 => {
            s.put("fp4-format", "model", "fp4", "e2m1");
            s.put("fp4-recipe", "model", "fp4_recipe", "nvfp4");
        }
    }
    match l.recompute {
        Recompute::None | Recompute::Alternate => {}
        Recompute::Selective => s.put("recompute-granularity", "model", "recompute_granularity", "selective"),
        Recompute::Full => {
            s.put("recompute-granularity", "model", "recompute_granularity", "full");
            s.put("recompute-method", "model", "recompute_method", "uniform");
            s.put("recompute-num-layers", "model", "recompute_num_layers", 1);
        }
    }
    if matches!(l.offload, Offload::Activations | Offload::Both) {
        s.switch("cpu-offloading", "model", "cpu_offloading");
    }
    // Learning rate and schedule are the user's: usual values, so that the job starts.
    for (flag, field, value) in
        [("lr", "lr", "3.0e-4"), ("min-lr", "min_lr", "3.0e-5"), ("weight-decay", "weight_decay", "0.1")]
    {
        s.put(flag, "optimizer", field, value);
    }
    s.flag_only("lr-decay-style", Some("cosine".to_owned()));
    s.put("clip-grad", "optimizer", "clip_grad", "1.0");
    s.put("save-interval", "checkpoint", "save_interval", export.save_interval);
    s.put("ckpt-format", "checkpoint", "ckpt_format", "torch_dist");
    s.switch("async-save", "checkpoint", "async_save");
    s.put("log-interval", "logger", "log_interval", 10);
}

fn as_flags(export: &TrainingExport<'_>, s: &Settings) -> String {
    let mut out = String::new();
    for setting in s.0.iter().filter(|x| !x.flag.is_empty()) {
        let _ = match &setting.value {
            Some(v) => writeln!(out, "--{} {v}", setting.flag),
            None => writeln!(out, "--{}", setting.flag),
        };
    }
    let _ = writeln!(out, "--save checkpoints/{}", export.task.name);
    let _ = writeln!(out, "--load checkpoints/{}", export.task.name);
    out
}

fn as_yaml(s: &Settings) -> String {
    let mut out = String::new();
    for section in ["model", "train", "optimizer", "ddp", "dist", "checkpoint", "logger"] {
        let fields: Vec<(&str, &Option<String>)> =
            s.0.iter().filter_map(|x| x.field.filter(|f| f.0 == section).map(|f| (f.1, &x.value))).collect();
        if fields.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{section}:");
        for (field, value) in fields {
            let text = value.as_deref().unwrap_or("true");
            // A pattern would be read as a list.
            let quoted = if text.starts_with('(') { format!("\"{text}\"") } else { text.to_owned() };
            let _ = writeln!(out, "  {field}: {quoted}");
        }
    }
    out
}
