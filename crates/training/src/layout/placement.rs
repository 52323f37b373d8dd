//! In which order ranks sit on neighbouring chips, and how much of each group that leaves inside one scale-up domain.

use crate::Layout;

/// Order in which ranks are numbered over neighbouring chips, after the tensor ranks, which always sit closest: they talk most
/// per token by far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Placement {
    /// Context, data, pipeline: Megatron-LM's default (`tp-cp-ep-dp-pp`) and torchtitan's only order.
    #[default]
    ContextDataPipeline,
    /// Context, pipeline, data: stages of one replica are neighbours (Megatron-LM's `--use-tp-pp-dp-mapping`).
    ContextPipelineData,
    /// Pipeline, context, data.
    PipelineContextData,
    /// Data, pipeline, context.
    DataPipelineContext,
    /// Data, context, pipeline.
    DataContextPipeline,
    /// Pipeline, data, context.
    PipelineDataContext,
}

impl Placement {
    /// All orders.
    pub const ALL: &'static [Placement] = &[
        Placement::ContextDataPipeline,
        Placement::ContextPipelineData,
        Placement::PipelineContextData,
        Placement::DataPipelineContext,
        Placement::DataContextPipeline,
        Placement::PipelineDataContext,
    ];

    /// Whether no step is faster with this order than with another one of [`Self::ALL`]: moving the data ranks inside the context
    /// ranks spreads the latter and brings nothing closer together, as gradients are exchanged among both.
    pub(crate) fn dominated(self) -> bool {
        matches!(self, Placement::DataContextPipeline | Placement::PipelineDataContext)
    }

    /// The order in Megatron-LM's notation.
    pub fn word(self) -> &'static str {
        match self {
            Placement::ContextDataPipeline => "tp-cp-dp-pp",
            Placement::ContextPipelineData => "tp-cp-pp-dp",
            Placement::PipelineContextData => "tp-pp-cp-dp",
            Placement::DataPipelineContext => "tp-dp-pp-cp",
            Placement::DataContextPipeline => "tp-dp-cp-pp",
            Placement::PipelineDataContext => "tp-pp-dp-cp",
        }
    }

    /// The dimensions that are cut at all, from the closest on: 1 context, 2 data, 3 pipeline, 0 none.
    pub(crate) fn order(self, cp: u32, dp: u32, pp: u32) -> [u8; 3] {
        let (c, d, p) = ((1, cp), (2, dp), (3, pp));
        let order = match self {
            Placement::ContextDataPipeline => [c, d, p],
            Placement::ContextPipelineData => [c, p, d],
            Placement::PipelineContextData => [p, c, d],
            Placement::DataPipelineContext => [d, p, c],
            Placement::DataContextPipeline => [d, c, p],
            Placement::PipelineDataContext => [p, d, c],
        };
        let mut out = [0; 3];
        for (slot, (name, _)) in out.iter_mut().zip(order.into_iter().filter(|x| x.1 > 1)) {
            *slot = name;
        }
        out
    }

    /// Factors that sit inside the pipeline ranks, and inside the context ranks, of (context, data, pipeline).
    fn inside(self, cp: u32, dp: u32, pp: u32) -> (u32, u32) {
        let by = |a: u32, b: u32| a.saturating_mul(b);
        match self {
            Placement::ContextDataPipeline => (by(cp, dp), 1),
            Placement::ContextPipelineData => (cp, 1),
            Placement::PipelineContextData => (1, pp),
            Placement::DataPipelineContext => (dp, by(dp, pp)),
            Placement::DataContextPipeline => (by(cp, dp), dp),
            Placement::PipelineDataContext => (1, by(pp, dp)),
        }
    }
}

/// Where the groups of a layout sit, for domains of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Chips of one stage in a domain: groups of tensor, expert and data ranks count their neighbours among these.
    pub stage: u32,
    /// Context ranks of one group in a domain.
    pub context: u32,
    /// Chips from one stage to the next.
    pub next_stage: u32,
}

impl Seat {
    #[inline]
    pub(crate) fn new(l: &Layout, domain: u32) -> Seat {
        let domain = domain.max(1);
        let (before_pipeline, before_context) = l.placement.inside(l.cp, l.dp, l.pp);
        // A run of neighbours of one stage, then the other stages, then the next run.
        let run = l.tp.saturating_mul(before_pipeline).max(1);
        let outermost =
            matches!(l.placement, Placement::ContextDataPipeline | Placement::DataContextPipeline)
                || l.pp <= 1;
        let stage = if outermost || domain <= run {
            domain
        } else {
            run * (domain / run.saturating_mul(l.pp)).max(1)
        };
        let apart = l.tp.saturating_mul(before_context).max(1);
        Seat { stage, context: (domain / apart).clamp(1, l.cp.max(1)), next_stage: run }
    }
}
