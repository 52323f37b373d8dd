//! What a job sends: phases of transfers between its ranks.
//!
//! A training engine fills a [`Traffic`] and needs nothing else of this module; [`Traffic::to_text`] writes
//! the same as text that [`super::text::parse`] reads back.

use std::fmt::Write as _;

use gigatwin_quantity::{Data, Time};

use crate::collective::Collective;

/// Traffic of one job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traffic {
    /// Ranks of the job, numbered from zero.
    pub ranks: u32,
    /// Phases. A phase names only earlier phases, so they cannot go round in a circle.
    pub phases: Vec<Phase>,
}

/// Transfers that begin together (each after its own offset).
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Name, unique among the phases, without blanks.
    pub name: String,
    /// What it waits for.
    pub after: After,
    /// Time between the end of what it waits for and its beginning, such as computation.
    pub delay: Time,
    /// How often it happens back to back, one or more.
    pub repeat: u32,
    /// What is sent.
    pub transfers: Vec<Transfer>,
}

/// What a phase waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum After {
    /// The end of the phase above; the first phase begins at once.
    #[default]
    Previous,
    /// Nothing: it begins with the step.
    Start,
    /// The end of these phases, by their index.
    Phases(Vec<u32>),
}

/// Something that is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transfer {
    /// From one rank to another.
    Flow(Flow),
    /// The same collective in every group of a family.
    Collective(GroupCollective),
}

/// One flow: between ranks in a [`Traffic`], between endpoints once they are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Sender.
    pub from: u32,
    /// Receiver.
    pub to: u32,
    /// Bytes.
    pub bytes: Data,
    /// Beginning, counted from the beginning of the phase.
    pub start: Time,
    /// Strict priority: zero goes before one, and so on, seven at most.
    pub priority: u8,
    /// Enters the hash of ECMP: flows of one pair with other labels (queue pairs) take other paths.
    pub label: u32,
}

/// A collective, in every group of a family at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupCollective {
    /// The operation. [`Collective::SendRecv`] sends from each rank to the next of its group, the last to none.
    pub operation: Collective,
    /// Message size, as [`Collective`] defines it per operation.
    pub bytes: Data,
    /// The groups.
    pub groups: Groups,
    /// Strict priority.
    pub priority: u8,
}

/// All groups of one kind of parallelism: ranks `b + k·stride`, `k < size`, for every beginning `b`.
///
/// The ranks must be a multiple of `size · stride`. With Megatron-LM's order of ranks, tensor parallelism has
/// stride 1, context parallelism stride `tp`, data parallelism `tp·cp`, the pipeline `tp·cp·dp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// Ranks in a group.
    pub size: u32,
    /// Distance between neighbours of a group.
    pub stride: u32,
}

impl Groups {
    /// Whether the ranks fall into whole groups.
    pub fn fit(self, ranks: u32) -> bool {
        let block = u64::from(self.size) * u64::from(self.stride);
        block > 0 && u64::from(ranks).is_multiple_of(block)
    }

    /// Number of groups.
    pub fn count(self, ranks: u32) -> u32 {
        ranks / self.size.max(1)
    }

    /// The rank `hop` places further on in the group of a rank, round the end.
    pub fn onward(self, rank: u32, hop: u32) -> u32 {
        let block = u64::from(self.size) * u64::from(self.stride);
        let begin = u64::from(rank) / block.max(1) * block;
        let within = (u64::from(rank) - begin + u64::from(hop) * u64::from(self.stride)) % block.max(1);
        (begin + within) as u32
    }

    /// Rank `k` of group `group`.
    pub fn rank(self, group: u32, k: u32) -> u32 {
        let block = group / self.stride * (self.size * self.stride);
        block + group % self.stride + k * self.stride
    }
}

/// Word of an operation in a traffic file.
pub fn operation_word(operation: Collective) -> &'static str {
    match operation {
        Collective::AllReduce => "all-reduce",
        Collective::AllGather => "all-gather",
        Collective::ReduceScatter => "reduce-scatter",
        Collective::AllToAll => "all-to-all",
        Collective::Broadcast => "broadcast",
        Collective::SendRecv => "send-recv",
    }
}

impl Traffic {
    /// The traffic as text, in the format of [`super::text`].
    pub fn to_text(&self) -> String {
        let mut out = format!("traffic 1\nranks {}\n", self.ranks);
        for (i, phase) in self.phases.iter().enumerate() {
            let _ = write!(out, "phase name={}", phase.name);
            match &phase.after {
                After::Previous => {}
                After::Start if i == 0 => {}
                After::Start => out.push_str(" after=start"),
                After::Phases(list) => {
                    let names: Vec<&str> = list
                        .iter()
                        .filter_map(|k| self.phases.get(*k as usize))
                        .map(|p| p.name.as_str())
                        .collect();
                    let _ = write!(out, " after={}", names.join(","));
                }
            }
            if phase.delay > Time::ZERO {
                let _ = write!(out, " delay={}s", phase.delay.s());
            }
            if phase.repeat != 1 {
                let _ = write!(out, " repeat={}", phase.repeat);
            }
            out.push('\n');
            for transfer in &phase.transfers {
                write_transfer(&mut out, transfer);
            }
        }
        out
    }
}

fn write_transfer(out: &mut String, transfer: &Transfer) {
    let priority = match transfer {
        Transfer::Flow(f) => {
            let _ = write!(out, "flow from={} to={} bytes={}B", f.from, f.to, f.bytes.bytes());
            if f.start > Time::ZERO {
                let _ = write!(out, " at={}s", f.start.s());
            }
            if f.label != 0 {
                let _ = write!(out, " label={}", f.label);
            }
            f.priority
        }
        Transfer::Collective(c) => {
            let _ = write!(
                out,
                "collective op={} bytes={}B size={} stride={}",
                operation_word(c.operation),
                c.bytes.bytes(),
                c.groups.size,
                c.groups.stride
            );
            c.priority
        }
    };
    if priority != 0 {
        let _ = write!(out, " priority={priority}");
    }
    out.push('\n');
}
