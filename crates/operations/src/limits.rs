//! What users, accounts and qualities of service may hold at once over all their jobs.

/// Among whom the jobs that a limit speaks of are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Each {
    /// Nobody: all of them together (Slurm: `Grp…`).
    #[default]
    Together,
    /// Each user has the limit to himself (`Max…PerUser`).
    User,
    /// Each account, the leaf of the share tree that a job names, has it (`Max…PerAccount`).
    Account,
}

/// A limit on what may be held at once. A job that would exceed it stays in the queue and keeps its age, but it is passed over and holds nobody
/// back (Slurm: reasons such as `QOSMaxGRESPerUser` and `AssocGrpGRES`). A job that alone asks for more runs when nothing else counts
/// against the limit, as nothing would ever let it run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HoldLimit {
    /// Name in reports, such as `long: MaxTRESPerUser`.
    pub name: String,
    /// Of which qualities of service jobs count; all where empty.
    pub qos: Vec<u16>,
    /// Of which account with all below it, by position in the share tree; all where absent.
    pub account: Option<u32>,
    /// Of which user; all where absent.
    pub user: Option<u32>,
    /// Who has it to himself.
    pub each: Each,
    /// Most accelerators.
    pub accelerators: Option<i64>,
    /// Most nodes.
    pub nodes: Option<i64>,
    /// Most running jobs.
    pub jobs: Option<u32>,
}
