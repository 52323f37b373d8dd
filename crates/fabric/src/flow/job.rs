//! Traffic of a training step from its parallelism and its bytes.
//!
//! Ranks are numbered as Megatron-LM numbers them: tensor, then context, data, pipeline. Expert groups lie in the
//! ranks of one pipeline stage.

use gigatwin_quantity::{Data, Time};

use super::traffic::{After, GroupCollective, Groups, Phase, Traffic, Transfer};
use crate::collective::Collective;

/// Sizes of the groups of a training job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parallelism {
    /// Tensor-parallel ranks.
    pub tensor: u32,
    /// Context-parallel ranks.
    pub context: u32,
    /// Replicas.
    pub data: u32,
    /// Pipeline stages.
    pub pipeline: u32,
    /// Ranks over which the experts are spread.
    pub expert: u32,
    /// Tensor ranks inside one expert.
    pub expert_tensor: u32,
}

/// A collective that a step repeats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeated {
    /// The operation.
    pub operation: Collective,
    /// Message size.
    pub bytes: Data,
    /// How often a rank does it in a step.
    pub times: u32,
}

/// What a step sends, by kind of parallelism.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepTraffic {
    /// In tensor groups.
    pub tensor: Vec<Repeated>,
    /// In context groups.
    pub context: Vec<Repeated>,
    /// In expert groups.
    pub expert: Vec<Repeated>,
    /// Between neighbouring stages, forward (backward is the same the other way and sent meanwhile).
    pub pipeline: Vec<Repeated>,
    /// Between the replicas of common weights (data × context).
    pub data: Vec<Repeated>,
    /// Between the replicas of experts.
    pub expert_data: Vec<Repeated>,
}

/// Which collectives of a step run beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// None: one after another.
    #[default]
    Nothing,
    /// Those between replicas run beside the others from the beginning, as frameworks do that reduce gradients and gather
    /// weights layer by layer. Both then share the network.
    Replicas,
}

impl Parallelism {
    /// Ranks.
    pub fn ranks(&self) -> u64 {
        u64::from(self.tensor) * u64::from(self.context) * u64::from(self.data) * u64::from(self.pipeline)
    }

    /// The traffic of a step, one phase for each collective: a phase runs in all groups at once. Without overlap phases
    /// follow one another, and what a phase meets is itself. Overlap with computation is the training model's matter.
    pub fn traffic(&self, step: &StepTraffic, overlap: Overlap) -> Traffic {
        let (tp, cp, dp) = (self.tensor, self.context, self.data);
        let stage = tp.saturating_mul(cp).saturating_mul(dp);
        let experts = self.expert.saturating_mul(self.expert_tensor).max(1);
        let kinds = [
            ("tensor", &step.tensor, Groups { size: tp, stride: 1 }),
            ("context", &step.context, Groups { size: cp, stride: tp }),
            ("expert", &step.expert, Groups { size: self.expert, stride: self.expert_tensor }),
            ("pipeline", &step.pipeline, Groups { size: self.pipeline, stride: stage }),
            ("data", &step.data, Groups { size: dp.saturating_mul(cp), stride: tp }),
            ("expert-data", &step.expert_data, Groups { size: stage / experts, stride: experts }),
        ];
        let mut phases: Vec<Phase> = Vec::new();
        // The last phase of the chain of replicas, and of all others.
        let mut last: [Option<u32>; 2] = [None; 2];
        for (name, list, groups) in kinds {
            let chain = usize::from(overlap == Overlap::Replicas && name.ends_with("data"));
            for r in list.iter().filter(|r| r.times > 0 && r.bytes > Data::ZERO && groups.size > 1) {
                let same = phases.iter().filter(|p: &&Phase| p.name.split('.').next() == Some(name)).count();
                let name = if same == 0 { name.to_owned() } else { format!("{name}.{}", same + 1) };
                let collective =
                    GroupCollective { operation: r.operation, bytes: r.bytes, groups, priority: 0 };
                let at = phases.len() as u32;
                let after = match last[chain] {
                    None if at == 0 => After::Previous,
                    None => After::Start,
                    Some(k) if k + 1 == at => After::Previous,
                    Some(k) => After::Phases(vec![k]),
                };
                last[chain] = Some(at);
                phases.push(Phase {
                    name,
                    after,
                    delay: Time::ZERO,
                    repeat: r.times,
                    transfers: vec![Transfer::Collective(collective)],
                });
            }
        }
        Traffic { ranks: u32::try_from(self.ranks()).unwrap_or(u32::MAX), phases }
    }
}
