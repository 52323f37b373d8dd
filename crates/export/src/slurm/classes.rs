//! Classes of access as qualities of service.

/// A class of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClass {
    /// Name, also of the quality of service.
    pub name: &'static str,
    /// Share of the QOS factor of the priority, 0 to 1,000.
    pub priority: u32,
    /// Longest job in hours.
    pub longest_hours: u32,
    /// Part of the machine that one user may hold at once, in per mille; none where it is not limited.
    pub user_permille: Option<u32>,
    /// Accelerator-hours that one project may use in all; none where the project says.
    pub project_hours: Option<u64>,
    /// Jobs of other classes it may push out.
    pub preempts: &'static [&'static str],
    /// Whether its jobs may be pushed out and queue again.
    pub requeues: bool,
    /// What it is for.
    pub purpose: &'static str,
}

/// The classes: the industrial modes of the AI factories (playground, fast lane, large scale), the scientific ones of EuroHPC
/// (benchmark, development, regular, extreme), the strategic reserve, and what fills the gaps. Only the 50,000 accelerator-hours of the fast lane are
/// published (catalog, `ai-factory-2024-1732`); ranks, longest jobs and limits are this project's choice for a start.
pub const ACCESS_CLASSES: &[AccessClass] = &[
    AccessClass {
        name: "reserve",
        priority: 1000,
        longest_hours: 168,
        user_permille: None,
        project_hours: None,
        preempts: &["scavenger", "regular", "playground", "development", "benchmark"],
        requeues: false,
        purpose: "strategic and security use, by decision of the Governing Board",
    },
    AccessClass {
        name: "extreme",
        priority: 500,
        longest_hours: 168,
        user_permille: None,
        project_hours: None,
        preempts: &["scavenger"],
        requeues: false,
        purpose: "runs on most of the machine",
    },
    AccessClass {
        name: "largescale",
        priority: 500,
        longest_hours: 168,
        user_permille: None,
        project_hours: None,
        preempts: &["scavenger"],
        requeues: false,
        purpose: "industrial projects above the fast lane, for 3, 6 or 12 months",
    },
    AccessClass {
        name: "fastlane",
        priority: 600,
        longest_hours: 72,
        user_permille: Some(50),
        project_hours: Some(50_000),
        preempts: &["scavenger"],
        requeues: false,
        purpose: "industrial projects up to 50,000 accelerator-hours",
    },
    AccessClass {
        name: "playground",
        priority: 400,
        longest_hours: 12,
        user_permille: Some(5),
        project_hours: Some(5_000),
        preempts: &["scavenger"],
        requeues: true,
        purpose: "first steps of newcomers",
    },
    AccessClass {
        name: "regular",
        priority: 400,
        longest_hours: 48,
        user_permille: Some(250),
        project_hours: None,
        preempts: &["scavenger"],
        requeues: true,
        purpose: "scientific projects",
    },
    AccessClass {
        name: "benchmark",
        priority: 300,
        longest_hours: 12,
        user_permille: Some(100),
        project_hours: Some(10_000),
        preempts: &["scavenger"],
        requeues: true,
        purpose: "scaling tests that prepare an application",
    },
    AccessClass {
        name: "development",
        priority: 700,
        longest_hours: 4,
        user_permille: Some(10),
        project_hours: Some(20_000),
        preempts: &["scavenger"],
        requeues: true,
        purpose: "short turns while code is written",
    },
    AccessClass {
        name: "scavenger",
        priority: 0,
        longest_hours: 24,
        user_permille: None,
        project_hours: None,
        preempts: &[],
        requeues: true,
        purpose: "whatever is idle, until somebody else needs it",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_be_pushed_out_queues_again_and_ranks_lower() {
        for c in ACCESS_CLASSES {
            for other in c.preempts {
                let other = ACCESS_CLASSES.iter().find(|o| o.name == *other).expect("a class");
                assert!(
                    other.requeues && other.priority < c.priority,
                    "{} pushes out {}",
                    c.name,
                    other.name
                );
            }
        }
    }
}
