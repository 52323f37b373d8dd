//! What a controller takes time for.

use gigatwin_operations::controller::Millis;

/// From one look of the loop of the main scheduler until the next, where no log says so: on a quiet machine.
pub const TURN: Millis = 1005;

/// What a controller takes time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// From a job's start until the controller hears of its end, without what the job does itself; where nothing is given, as the jobs of each
    /// run lasted: how long a job ran is what accounting gives any replay.
    pub launch: Option<Millis>,
    /// From one look of the loop of the main scheduler until the next; where nothing is given, as the log of each run says, or
    /// [`TURN`] where that was not written down.
    pub tick: Option<Millis>,
    /// Microseconds that the backfill scheduler thinks about one job, for each node of the machine.
    pub thought: i64,
    /// From a job's end until its nodes have answered that nothing of it is left: of one node, and more for each further one, in microseconds.
    pub answer: (i64, i64),
}

impl Costs {
    /// How long the nodes of a gang take to answer.
    pub(super) fn release(&self, nodes: u32) -> Millis {
        (self.answer.0 + self.answer.1 * i64::from(nodes.max(1) - 1)) / 1000
    }
}
