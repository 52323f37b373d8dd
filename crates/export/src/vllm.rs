//! Arguments of `vllm serve`.

use gigatwin_catalog::Precision;

use crate::{ExportError, ExportFile, ServiceExport, service};

/// The file of a service for vLLM: `NAME-vllm.sh`.
///
/// # Errors
/// Where one replica needs more than one node: vLLM then wants a launch per node or a Ray cluster.
pub fn vllm(export: &ServiceExport<'_>) -> Result<Vec<ExportFile>, ExportError> {
    let (options, remarks) = options(export)?;
    let text = service::script(&export.comment(&remarks), "vllm serve \"$MODEL\"", &options);
    Ok(vec![ExportFile { name: format!("{}-vllm.sh", export.name), text }])
}

/// Options after the model, one option with its value per entry, and remarks.
pub(crate) fn options(export: &ServiceExport<'_>) -> Result<(Vec<String>, Vec<String>), ExportError> {
    let d = export.deployment;
    if export.nodes() > 1 {
        return Err(ExportError::Unsupported {
            engine: "vLLM",
            what: format!(
                "a replica of {} accelerators on {} nodes with one command",
                d.chips(),
                export.nodes()
            ),
            instead: "export sglang, which takes the rank of a node as an option",
        });
    }
    let mut remarks = export.remarks();
    let mut list = vec![
        format!("--served-model-name {}", export.model),
        format!("--tensor-parallel-size {}", d.tp),
        format!("--pipeline-parallel-size {}", d.pp),
        format!("--data-parallel-size {}", d.dp_attention),
    ];
    if d.ep > 1 {
        list.push("--enable-expert-parallel".to_owned());
        if d.ep != d.stage_chips() {
            remarks.push(format!(
                "Expert parallelism {} was planned; vLLM has no option for its size and spreads experts over all {} accelerators of a stage.",
                d.ep,
                d.stage_chips()
            ));
        }
    }
    // The limits of vLLM hold for each data-parallel rank, the plan's for the replica.
    list.push(format!("--max-num-seqs {}", export.batch.div_ceil(d.dp_attention.max(1)).max(1)));
    list.push(format!("--max-num-batched-tokens {}", export.chunk));
    list.push(format!("--max-model-len {}", export.context));
    list.push(format!("--gpu-memory-utilization {:.2}", export.memory));
    list.push("--dtype bfloat16".to_owned());
    if d.weights == Precision::Fp8 {
        list.push("--quantization fp8".to_owned());
    }
    list.push(format!("--kv-cache-dtype {}", if d.kv == Precision::Bf16 { "auto" } else { "fp8" }));
    if export.role.is_some() {
        // Producer and consumer are told apart by the router, not by the engine (vLLM's documentation of NixlConnector).
        list.push(
            "--kv-transfer-config '{\"kv_connector\":\"NixlConnector\",\"kv_role\":\"kv_both\"}'".to_owned(),
        );
        remarks.push(
            "Prompts and answers have pools of their own: a router that sends each request to both is yours to start (vLLM's disaggregated proxy)."
                .to_owned(),
        );
    }
    list.push("--host 0.0.0.0".to_owned());
    list.push("--port 8000".to_owned());
    Ok((list, remarks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_per_rank_and_experts_are_spread() {
        let (list, remarks) = options(&service::sample()).expect("one node");
        for wanted in ["--tensor-parallel-size 2", "--data-parallel-size 4", "--enable-expert-parallel"] {
            assert!(list.iter().any(|o| o == wanted), "{wanted}: {list:?}");
        }
        // 250 requests over four ranks.
        assert!(list.iter().any(|o| o == "--max-num-seqs 63"), "{list:?}");
        assert!(!remarks.iter().any(|r| r.contains("no option for its size")));
    }

    #[test]
    fn pools_of_their_own_hand_keys_and_values_on() {
        let mut export = service::sample();
        assert!(!options(&export).expect("one node").0.iter().any(|o| o.contains("kv-transfer")));
        export.role = Some(crate::PoolRole::Prefill);
        let (list, remarks) = options(&export).expect("one node");
        assert!(list.iter().any(|o| o.starts_with("--kv-transfer-config '{") && o.contains("kv_both")));
        assert!(remarks.iter().any(|r| r.contains("router")));
    }

    #[test]
    fn a_size_of_expert_parallelism_is_said_and_two_nodes_are_refused() {
        let mut export = service::sample();
        export.deployment.ep = 4;
        let (_, remarks) = options(&export).expect("one node");
        assert!(remarks.iter().any(|r| r.contains("no option for its size")));
        export.per_node = 4;
        assert!(vllm(&export).is_err());
    }
}
