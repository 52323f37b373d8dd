//! Arguments of `python -m sglang.launch_server`.

use gigatwin_catalog::Precision;

use crate::{ExportError, ExportFile, PoolRole, ServiceExport, service};

/// The file of a service for SGLang: `NAME-sglang.sh`.
///
/// # Errors
/// None today; the signature is that of all exports.
pub fn sglang(export: &ServiceExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    let (mut list, mut remarks) = options(export);
    if export.nodes() > 1 {
        remarks.push(format!(
            "A replica takes {} nodes: start this on each, with HEAD (host:port of the first) and NODE_RANK (from 0) set.",
            export.nodes()
        ));
        list.push(format!("--nnodes {}", export.nodes()));
        list.push("--node-rank \"${NODE_RANK:?}\"".to_owned());
        list.push("--dist-init-addr \"${HEAD:?}\"".to_owned());
    }
    list.insert(0, "--model-path \"$MODEL\"".to_owned());
    let text = service::script(&export.comment(&remarks), "python -m sglang.launch_server", &list);
    Ok(vec![ExportFile { name: format!("{}-sglang.sh", export.name), text }])
}

/// Options after the model and without those of nodes, one option with its value per entry, and remarks.
pub(crate) fn options(export: &ServiceExport<'_>) -> (Vec<String>, Vec<String>) {
    let d = export.deployment;
    let mut remarks = export.remarks();
    remarks.push(format!(
        "The plan lets the engine take {:.2} of the memory. --mem-fraction-static counts weights and cache alone: SGLang chooses it.",
        export.memory
    ));
    // With attention in data-parallel copies, SGLang's tensor parallelism is that of all accelerators of a stage.
    let mut list = vec![
        format!("--served-model-name {}", export.model),
        format!("--tp-size {}", d.stage_chips()),
        format!("--pp-size {}", d.pp),
    ];
    if d.dp_attention > 1 {
        list.push(format!("--dp-size {}", d.dp_attention));
        list.push("--enable-dp-attention".to_owned());
    }
    if d.ep > 1 {
        list.push(format!("--ep-size {}", d.ep));
    }
    // Assumed: SGLang divides both limits by the number of attention copies; its documentation does not say.
    list.push(format!("--max-running-requests {}", export.batch.max(1)));
    list.push(format!("--chunked-prefill-size {}", export.chunk.saturating_mul(d.dp_attention.max(1))));
    list.push(format!("--context-length {}", export.context));
    list.push("--dtype bfloat16".to_owned());
    if d.weights == Precision::Fp8 {
        list.push("--quantization fp8".to_owned());
    }
    list.push(format!("--kv-cache-dtype {}", if d.kv == Precision::Bf16 { "auto" } else { "fp8_e4m3" }));
    if let Some(role) = export.role {
        let mode = match role {
            PoolRole::Prefill => "prefill",
            PoolRole::Decode => "decode",
        };
        list.push(format!("--disaggregation-mode {mode}"));
        remarks.push(
            "Prompts and answers have pools of their own: a router that sends each request to both is yours to start (sglang-router)."
                .to_owned(),
        );
    }
    list.push("--host 0.0.0.0".to_owned());
    list.push("--port 30000".to_owned());
    (list, remarks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_of_their_own_are_told_what_they_do() {
        let mut export = service::sample();
        for (role, mode) in [(PoolRole::Prefill, "prefill"), (PoolRole::Decode, "decode")] {
            export.role = Some(role);
            let text = sglang(&export).expect("file")[0].text.clone();
            assert!(text.contains(&format!("--disaggregation-mode {mode} ")), "{text}");
        }
    }

    #[test]
    fn attention_copies_lie_inside_tensor_parallelism() {
        let mut export = service::sample();
        let text = sglang(&export).expect("file")[0].text.clone();
        for wanted in [
            "--tp-size 8 ",
            "--dp-size 4 ",
            "--enable-dp-attention",
            "--ep-size 8 ",
            "--chunked-prefill-size 32768",
        ] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(!text.contains("--nnodes"));
        export.per_node = 4;
        assert!(sglang(&export).expect("file")[0].text.contains("--nnodes 2 "));
    }
}
