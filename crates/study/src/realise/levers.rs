//! What could be changed: each lever sets inputs of all sites, or of the programme, to one value.

/// How inputs change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Inputs of this path, under it where it ends in a dot, or of any path with this start and end, take a value in base
    /// units.
    Set {
        /// Start of the path.
        start: &'static str,
        /// End of the path.
        end: &'static str,
        /// Value in base units.
        value: f64,
    },
    /// The same inputs take at most this value.
    AtMost {
        /// Start of the path.
        start: &'static str,
        /// End of the path.
        end: &'static str,
        /// Value in base units.
        value: f64,
    },
    /// The same inputs are multiplied.
    Times {
        /// Start of the path.
        start: &'static str,
        /// End of the path.
        end: &'static str,
        /// Factor.
        factor: f64,
    },
    /// Wholesale price, industry price and contracts are at most those of this country.
    PowerOf(&'static str),
    /// The Union's money for second phases comes.
    SecondPhase,
    /// So many times as many bids are submitted.
    Bidders(f64),
    /// Sponsors ask for this equity return.
    Hurdle(f64),
}

/// A lever.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lever {
    /// Id.
    pub id: &'static str,
    /// What is changed, as a sentence's subject.
    pub label: &'static str,
    /// How.
    pub changes: &'static [Change],
}

const MONTH: f64 = 2_629_746.0;
const YEAR: f64 = 12.0 * MONTH;
/// 1 January 2028 in days since 1970.
const START_OF_2028: f64 = 21_184.0;

/// All levers, in the order of tables.
pub const LEVERS: &[Lever] = &[
    Lever {
        id: "permit",
        label: "permits in 12 months",
        changes: &[Change::AtMost { start: "site.permit.duration", end: "", value: 12.0 * MONTH }],
    },
    Lever {
        id: "grid",
        label: "grid connections by the start of 2028",
        changes: &[
            Change::AtMost { start: "site.grid.energised", end: "", value: START_OF_2028 },
            Change::AtMost { start: "catalog.", end: ".grid_lead_time", value: 9.0 * MONTH },
        ],
    },
    Lever { id: "power-price", label: "power at the French price", changes: &[Change::PowerOf("fr")] },
    Lever {
        id: "price-path",
        label: "hour prices that do not fall",
        changes: &[
            Change::Set { start: "finance.price_change", end: "", value: 0.0 },
            Change::Set { start: "finance.price_path.", end: "", value: 0.0 },
        ],
    },
    Lever {
        id: "utilisation",
        label: "85 % of the hours used",
        changes: &[Change::Set { start: "operations.utilisation", end: "", value: 0.85 }],
    },
    Lever { id: "phase-2-money", label: "second-phase money secured", changes: &[Change::SecondPhase] },
    Lever {
        id: "life",
        label: "hardware that earns for six years",
        changes: &[Change::Set { start: "finance.life", end: "", value: 6.0 * YEAR }],
    },
    Lever {
        id: "system-price",
        label: "systems 20 % cheaper",
        changes: &[Change::Times { start: "catalog.systems.", end: ".price", factor: 0.8 }],
    },
    Lever {
        id: "building-cost",
        label: "buildings and plant 20 % cheaper",
        changes: &[
            Change::Times { start: "catalog.countries.", end: ".shell_cost", factor: 0.8 },
            Change::Times { start: "costs.shell_and_plant", end: "", factor: 0.8 },
        ],
    },
    Lever { id: "hurdle", label: "sponsors content with 8 % on equity", changes: &[Change::Hurdle(0.08)] },
    Lever { id: "bidders", label: "twice as many bids", changes: &[Change::Bidders(2.0)] },
];

/// All levers at once, beside the table of single ones: what even everything together does not reach.
pub const ALL: Lever = Lever {
    id: "all",
    label: "all of these together",
    changes: &[
        Change::AtMost { start: "site.permit.duration", end: "", value: 12.0 * MONTH },
        Change::AtMost { start: "site.grid.energised", end: "", value: START_OF_2028 },
        Change::AtMost { start: "catalog.", end: ".grid_lead_time", value: 9.0 * MONTH },
        Change::PowerOf("fr"),
        Change::Set { start: "finance.price_change", end: "", value: 0.0 },
        Change::Set { start: "finance.price_path.", end: "", value: 0.0 },
        Change::Set { start: "operations.utilisation", end: "", value: 0.85 },
        Change::SecondPhase,
        Change::Set { start: "finance.life", end: "", value: 6.0 * YEAR },
        Change::Times { start: "catalog.systems.", end: ".price", factor: 0.8 },
        Change::Times { start: "catalog.countries.", end: ".shell_cost", factor: 0.8 },
        Change::Times { start: "costs.shell_and_plant", end: "", factor: 0.8 },
        Change::Hurdle(0.08),
        Change::Bidders(2.0),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_together_is_every_lever() {
        let each: Vec<&Change> = LEVERS.iter().flat_map(|l| l.changes).collect();
        assert_eq!(each.len(), ALL.changes.len());
        assert!(each.iter().all(|c| ALL.changes.contains(c)));
    }
}
