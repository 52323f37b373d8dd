//! Proof that rates are max-min fair: every strand crosses a full resource on which no rate of its class is
//! higher (Bertsekas and Gallager, Data Networks, 6.5.2). It looks at nothing but rates and capacities.

use std::collections::BTreeMap;

use gigatwin_quantity::{Bandwidth, Time};

use super::problem::Problem;
use super::units::rate_of;

/// What was proven about the solves of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Certificate {
    /// Solves that were checked.
    pub solves: u64,
    /// Rates that were checked, summed over the solves.
    pub rates: u64,
    /// Largest part of a bottleneck's capacity that rounding left unused.
    pub slack: f64,
}

impl Certificate {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Certificate) -> Certificate {
        Certificate {
            solves: self.solves + other.solves,
            rates: self.rates + other.rates,
            slack: self.slack.max(other.slack),
        }
    }
}

/// Why rates are not max-min fair.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotFair {
    /// More flows over a link than it carries.
    #[error("resource {resource} carries {load} of {capacity}")]
    Overloaded {
        /// The resource.
        resource: u32,
        /// What flows over it.
        load: gigatwin_quantity::Bandwidth,
        /// What it carries.
        capacity: gigatwin_quantity::Bandwidth,
    },
    /// A flow could be faster without slowing one that is not faster than it.
    #[error("strand {strand} at {rate} has no full link on which it is the fastest")]
    NoBottleneck {
        /// The strand.
        strand: u32,
        /// Its rate.
        rate: gigatwin_quantity::Bandwidth,
    },
}

/// A line of a printed certificate: a full link, and the flows that have their bottleneck there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Witness {
    /// Time of the solve.
    pub at: Time,
    /// The link; the first of a bundle that spraying loads alike. Nothing where the flow is background at its own limit.
    pub link: Option<u32>,
    /// Links in the bundle.
    pub links: u32,
    /// Priority of the flows.
    pub priority: u8,
    /// Flows (each in each plane) that send at `rate` and find no faster one of their priority here.
    pub flows: u32,
    /// Their rate.
    pub rate: Bandwidth,
}

/// The same of a component, by the number of its resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bottleneck {
    pub at: u64,
    pub resource: u32,
    pub class: u8,
    pub strands: u32,
    pub rate: u64,
}

/// Checks the rates of strands that send. `class` is empty where all are of one class. Where wanted, each strand is
/// counted at the first of its full resources that proves it.
pub(crate) fn certify(
    problem: &Problem,
    sending: &[u32],
    rate: impl Fn(u32) -> u64,
    class: &[u8],
    mut print: Option<(u64, &mut Vec<Bottleneck>)>,
) -> Result<Certificate, NotFair> {
    let n = problem.capacity.len();
    let mut load = vec![0u128; n];
    let mut users = vec![0u64; n];
    let mut fastest = vec![0u64; n];
    let mut proof = Certificate { solves: 1, ..Certificate::default() };
    let class_of = |s: u32| class.get(s as usize).copied().unwrap_or(0);
    let last = sending.iter().map(|s| class_of(*s)).max().unwrap_or(0);
    for c in 0..=last {
        let of_class = || sending.iter().copied().filter(|s| class_of(*s) == c);
        fastest.fill(0);
        for s in of_class() {
            for at in problem.span(s) {
                let r = problem.resources[at] as usize;
                load[r] += u128::from(rate(s)) * u128::from(problem.part(at));
                users[r] += 1;
                fastest[r] = fastest[r].max(rate(s));
            }
        }
        let mut proven: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
        for s in of_class() {
            proof.rates += 1;
            let mut least = f64::INFINITY;
            let mut first = None;
            for at in problem.span(s) {
                let r = problem.resources[at] as usize;
                let capacity = u128::from(problem.capacity[r]) * u128::from(super::units::WHOLE);
                // Rounding down leaves less than one quantum per user; fractions add less than one more.
                let rounding = u128::from(2 * users[r]) * u128::from(super::units::WHOLE);
                if load[r] > capacity + rounding {
                    return Err(NotFair::Overloaded {
                        resource: r as u32,
                        load: rate_of((load[r] / u128::from(super::units::WHOLE)) as u64),
                        capacity: rate_of(problem.capacity[r]),
                    });
                }
                let unused = capacity.saturating_sub(load[r]);
                if unused <= rounding && rate(s) == fastest[r] {
                    let relative = if capacity == 0 { 0.0 } else { unused as f64 / capacity as f64 };
                    least = least.min(relative);
                    first.get_or_insert(r as u32);
                }
            }
            if least == f64::INFINITY {
                return Err(NotFair::NoBottleneck { strand: s, rate: rate_of(rate(s)) });
            }
            proof.slack = proof.slack.max(least);
            if let Some(r) = first.filter(|_| print.is_some()) {
                proven.entry(r).or_insert((0, rate(s))).0 += 1;
            }
        }
        if let Some((at, out)) = &mut print {
            out.extend(proven.into_iter().map(|(resource, (strands, rate))| Bottleneck {
                at: *at,
                resource,
                class: c,
                strands,
                rate,
            }));
        }
    }
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two strands on a link of 10, one of them over a link of 3 too.
    fn problem() -> Problem {
        Problem::new(vec![10_000, 3_000], vec![0, 1, 3], vec![0, 0, 1], Vec::new())
    }

    #[test]
    fn accepts_the_fair_rates_and_no_others() {
        let check = |rates: [u64; 2]| certify(&problem(), &[0, 1], |s| rates[s as usize], &[], None);
        assert_eq!(check([7_000, 3_000]).map(|c| (c.solves, c.rates)), Ok((1, 2)));
        assert!(matches!(check([5_000, 3_000]), Err(NotFair::NoBottleneck { strand: 0, .. })));
        assert!(matches!(check([8_000, 2_000]), Err(NotFair::NoBottleneck { strand: 1, .. })));
        assert!(matches!(check([8_000, 3_000]), Err(NotFair::Overloaded { resource: 0, .. })));
    }

    #[test]
    fn lower_classes_take_what_is_left() {
        let check = |rates: [u64; 2]| certify(&problem(), &[0, 1], |s| rates[s as usize], &[0, 1], None);
        assert!(check([10_000, 0]).is_ok());
        assert!(matches!(check([7_000, 3_000]), Err(NotFair::NoBottleneck { strand: 0, .. })));
    }
}
