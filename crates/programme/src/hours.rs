//! Who gets the hours: Union, each State, and everybody else.
//!
//! Regulation (EU) 2026/150, Art. 12b(13): hours go to Union and States in direct proportion to their share of the
//! computing CAPEX, or to their guaranteed purchase. The rest belongs to the consortium and its tenants.

use gigatwin_quantity::Share;

/// What a tenant may claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// A part of the Union's hours (one tenant for all of them: 100 %).
    Union(Share),
    /// A part of the hours of all States.
    States(Share),
    /// A share of all hours, taken from what Union and States leave.
    OfAll(Share),
    /// What the others leave, shared equally among tenants that claim so.
    Remainder,
}

/// Somebody who gets hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Name.
    pub name: String,
    /// Claim.
    pub claim: Claim,
    /// Division among classes of users; what the shares leave is without class.
    pub classes: Vec<(String, Share)>,
}

/// What hours are shared by.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursInputs {
    /// Accelerator-hours of the year that are shared.
    pub available: f64,
    /// Union's share of the computing CAPEX, or of what it buys.
    pub union_share: Share,
    /// The States' share together.
    pub states_share: Share,
    /// Each State's part of that, by ISO code; the parts add up to one.
    pub states: Vec<(String, Share)>,
    /// Tenants.
    pub tenants: Vec<Tenant>,
}

/// Why hours cannot be shared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HoursError {
    /// A share outside zero to one.
    #[error("the share of {what} is {percent:.1} %, outside 0 to 100 %")]
    Share {
        /// Whose.
        what: String,
        /// In per cent.
        percent: f64,
    },
    /// More than all of something.
    #[error("{what} add up to {percent:.1} %, more than 100 %")]
    TooMuch {
        /// Which shares.
        what: String,
        /// In per cent.
        percent: f64,
    },
    /// Parts of the States that do not make a whole.
    #[error("the States' parts add up to {percent:.1} %, not to 100 %")]
    States {
        /// In per cent.
        percent: f64,
    },
    /// A negative number of hours.
    #[error("the available hours must be a number, zero or more")]
    Hours,
}

/// Hours of one tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantHours {
    /// Name.
    pub name: String,
    /// Hours in all.
    pub hours: f64,
    /// By class, and what has none.
    pub classes: Vec<(String, f64)>,
    /// Hours without class.
    pub unclassed: f64,
}

/// All hours of a year. Union + States + everybody else = available.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursLedger {
    /// Hours that were shared.
    pub available: f64,
    /// Union.
    pub union: f64,
    /// States together.
    pub states_total: f64,
    /// Each State.
    pub states: Vec<(String, f64)>,
    /// Everybody else: tenants with their own claim, and what nobody claims.
    pub others: f64,
    /// Tenants in the order of the inputs.
    pub tenants: Vec<TenantHours>,
    /// Hours of everybody else that no tenant claims.
    pub unassigned: f64,
    /// Hours of Union and States that no tenant stands for.
    pub public_without_tenant: f64,
}

fn check(what: &str, share: Share) -> Result<f64, HoursError> {
    let f = share.fraction();
    if (-1e-12..=1.0 + 1e-9).contains(&f) {
        Ok(f.clamp(0.0, 1.0))
    } else {
        Err(HoursError::Share { what: what.to_owned(), percent: 100.0 * f })
    }
}

fn bounded(what: &str, sum: f64) -> Result<(), HoursError> {
    if sum > 1.0 + 1e-9 {
        return Err(HoursError::TooMuch { what: what.to_owned(), percent: 100.0 * sum });
    }
    Ok(())
}

/// Shares the hours of a year.
///
/// # Errors
/// Where shares lie outside zero to one, or together claim more than there is.
pub fn share_hours(i: &HoursInputs) -> Result<HoursLedger, HoursError> {
    if !(i.available.is_finite() && i.available >= 0.0) {
        return Err(HoursError::Hours);
    }
    let (union, states) = (check("the Union", i.union_share)?, check("the States", i.states_share)?);
    let (mut of_all, mut of_union, mut of_states, mut rest) = (0.0, 0.0, 0.0, 0_u32);
    for t in &i.tenants {
        match &t.claim {
            Claim::OfAll(s) => of_all += check(&t.name, *s)?,
            Claim::Union(s) => of_union += check(&t.name, *s)?,
            Claim::States(s) => of_states += check(&t.name, *s)?,
            Claim::Remainder => rest += 1,
        }
        let mut classes = 0.0;
        for (class, s) in &t.classes {
            classes += check(&format!("class {class} of {}", t.name), *s)?;
        }
        bounded(&format!("the classes of {}", t.name), classes)?;
    }
    bounded("Union, States and tenants", union + states + of_all)?;
    bounded("claims on the Union's hours", of_union)?;
    bounded("claims on the States' hours", of_states)?;
    let parts: f64 = i.states.iter().map(|s| s.1.fraction()).sum();
    if !i.states.is_empty() && (parts - 1.0).abs() > 1e-6 {
        return Err(HoursError::States { percent: 100.0 * parts });
    }
    let (union_hours, state_hours) = (union * i.available, states * i.available);
    let others = (i.available - union_hours - state_hours).max(0.0);
    let left = (others - of_all * i.available).max(0.0);
    let tenants: Vec<TenantHours> = i
        .tenants
        .iter()
        .map(|t| {
            let hours = match &t.claim {
                Claim::Union(s) => union_hours * s.fraction(),
                Claim::States(s) => state_hours * s.fraction(),
                Claim::OfAll(s) => i.available * s.fraction(),
                Claim::Remainder => left / f64::from(rest.max(1)),
            };
            let classes: Vec<(String, f64)> =
                t.classes.iter().map(|(c, s)| (c.clone(), hours * s.fraction())).collect();
            let classed: f64 = classes.iter().map(|c| c.1).sum();
            TenantHours { name: t.name.clone(), hours, classes, unclassed: (hours - classed).max(0.0) }
        })
        .collect();
    Ok(HoursLedger {
        available: i.available,
        union: union_hours,
        states_total: state_hours,
        states: i.states.iter().map(|(c, s)| (c.clone(), state_hours * s.fraction())).collect(),
        others,
        tenants,
        unassigned: if rest > 0 { 0.0 } else { left },
        public_without_tenant: union_hours * (1.0 - of_union).max(0.0)
            + state_hours * (1.0 - of_states).max(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tenant(name: &str, claim: Claim) -> Tenant {
        Tenant { name: name.into(), claim, classes: vec![("sme".into(), Share::from_percent(40.0))] }
    }

    proptest! {
        #[test]
        fn hours_are_conserved(
            available in 0.0..1e9_f64, union in 0.0..0.3_f64, states in 0.0..0.3_f64, own in 0.0..0.4_f64,
            part in 0.0..=1.0_f64, remainder: bool,
        ) {
            let mut tenants = vec![
                tenant("union", Claim::Union(Share::from_fraction(1.0))),
                tenant("states", Claim::States(Share::from_fraction(part))),
                tenant("anchor", Claim::OfAll(Share::from_fraction(own))),
            ];
            if remainder { tenants.push(tenant("industry", Claim::Remainder)); }
            let l = share_hours(&HoursInputs {
                available,
                union_share: Share::from_fraction(union),
                states_share: Share::from_fraction(states),
                states: vec![("DE".into(), Share::from_fraction(part)), ("CZ".into(), Share::from_fraction(1.0 - part))],
                tenants,
            }).unwrap();
            let eps = 1e-9 * available + 1e-9;
            let by_state: f64 = l.states.iter().map(|s| s.1).sum();
            prop_assert!((by_state - l.states_total).abs() < eps);
            prop_assert!((l.union + l.states_total + l.others - available).abs() < eps);
            let held: f64 = l.tenants.iter().map(|t| t.hours).sum();
            prop_assert!((held + l.unassigned + l.public_without_tenant - available).abs() < eps);
            for t in &l.tenants {
                let classed: f64 = t.classes.iter().map(|c| c.1).sum();
                prop_assert!((classed + t.unclassed - t.hours).abs() < eps);
            }
            prop_assert!((l.union - union * available).abs() < eps);
        }
    }

    #[test]
    fn more_than_all_is_refused() {
        let e = share_hours(&HoursInputs {
            available: 1.0,
            union_share: Share::from_percent(17.0),
            states_share: Share::from_percent(17.0),
            states: Vec::new(),
            tenants: vec![tenant("anchor", Claim::OfAll(Share::from_percent(70.0)))],
        })
        .unwrap_err();
        assert_eq!(e.to_string(), "Union, States and tenants add up to 104.0 %, more than 100 %");
    }
}
