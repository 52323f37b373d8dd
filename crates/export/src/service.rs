//! What an export of a service is made of, and what all serving engines share.

use gigatwin_catalog::Precision;
use gigatwin_serving::Deployment;

/// What an export's replicas do where prompts and answers have pools of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolRole {
    /// They take in prompts, and hand keys and values on.
    Prefill,
    /// They decode what comes from the others.
    Decode,
}

/// A service with its planned deployment.
#[derive(Debug, Clone, Copy)]
pub struct ServiceExport<'a> {
    /// Name of the service, as an id.
    pub name: &'a str,
    /// Id of the model in the catalog.
    pub model: &'a str,
    /// Id of the accelerator in the catalog.
    pub chip: &'a str,
    /// Which of two pools this is; `None` where replicas take in prompts and decode.
    pub role: Option<PoolRole>,
    /// Layout of one replica.
    pub deployment: Deployment,
    /// Replicas, spare ones included.
    pub replicas: u32,
    /// Requests in flight of one replica.
    pub batch: u32,
    /// Longest sequence of the model, tokens.
    pub context: u32,
    /// Prompt tokens of one step of one attention copy.
    pub chunk: u32,
    /// Share of the memory that the engine may take, 0 to 1.
    pub memory: f64,
    /// Accelerators of a node.
    pub per_node: u32,
    /// First lines of each file, without comment signs.
    pub header: &'a str,
}

impl ServiceExport<'_> {
    /// Nodes of one replica.
    pub fn nodes(&self) -> u32 {
        self.deployment.chips().div_ceil(self.per_node.max(1))
    }

    /// The header and further remarks as comment lines.
    pub(crate) fn comment(&self, remarks: &[String]) -> String {
        self.header
            .lines()
            .map(str::to_owned)
            .chain(remarks.iter().cloned())
            .map(|l| format!("# {l}\n"))
            .collect()
    }

    /// What holds for each engine.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut list = vec![format!(
            "{} replica(s) are planned; this starts one. The plan sized memory for mean lengths: a lower limit of the context length is safe.",
            self.replicas
        )];
        match self.deployment.weights {
            Precision::Bf16 => {}
            Precision::Fp8 => {
                list.push("fp8: a checkpoint in fp8 is loaded as it is, another one is quantised while it loads.".to_owned())
            }
            Precision::Fp4 => list.push(
                "fp4 was planned: point MODEL at a checkpoint in four bits, the engine reads its format from it.".to_owned(),
            ),
        }
        list
    }
}

/// A shell script that runs a command with one option per line.
pub(crate) fn script(comment: &str, command: &str, options: &[String]) -> String {
    let lines: String = options.iter().map(|o| format!(" \\\n  {o}")).collect();
    format!(
        "#!/bin/bash\n{comment}set -euo pipefail\n\n: \"${{MODEL:?set MODEL to the folder or the hub name of the weights}}\"\n\nexec {command}{lines}\n"
    )
}

/// The service of the tests, planned for one node.
#[cfg(test)]
pub(crate) fn sample() -> ServiceExport<'static> {
    crate::fixture::service(2, 4, 8, Precision::Fp8)
}
