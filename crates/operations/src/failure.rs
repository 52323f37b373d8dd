use rand_chacha::ChaCha8Rng;

use crate::job::Seconds;

/// A kind of part that fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Name in reports.
    pub name: String,
    /// Failures of this kind per node and day.
    pub per_node_day: f64,
    /// Shortest, most usual and longest time until the node is back, once noticed and a crew is free (triangular).
    pub repair: [Seconds; 3],
    /// Does it need a repair crew? A restart of software does not.
    pub crew: bool,
    /// Does a spare node take over at once, where one is left?
    pub spare: bool,
}

/// What breaks, how it is noticed and how it is mended.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureModel {
    /// Kinds of parts.
    pub components: Vec<Component>,
    /// Share of the nodes that fail more often than the rest.
    pub lemon_share: f64,
    /// How many times more often.
    pub lemon_factor: f64,
    /// Time from a failure to its notice: the job hangs until then.
    pub detection: Seconds,
    /// Repairs that can go on at once; 0 means any number.
    pub crews: u32,
    /// Nodes beyond the layout that take over while others are mended. A swapped node is back as soon as the spare is in.
    pub spares: u32,
    /// Time to bring a spare in.
    pub swap: Seconds,
}

/// The running failures of a site.
#[derive(Debug)]
pub(crate) struct Breakdowns {
    pub rng: ChaCha8Rng,
    /// All nodes together, per second.
    pub rate: f64,
    pub lemons: Vec<u32>,
    pub busy_crews: u32,
    /// Nodes that wait for a crew, with their component, in order.
    pub waiting: std::collections::VecDeque<(u32, u16)>,
    pub spares: u32,
    /// Nodes with a failure under way.
    pub broken: Vec<bool>,
    /// Incident of each broken node.
    pub incident: Vec<u32>,
    /// Which repairs hold a crew, which bring a spare home.
    pub repair: Vec<Repair>,
}

/// How a broken node comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Repair {
    #[default]
    None,
    Crew,
    Alone,
    Swap,
}
