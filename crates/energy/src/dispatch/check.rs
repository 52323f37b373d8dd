//! Faults of a case, all at once, and what cannot be served.

use gigatwin_quantity::{Energy, EnergyPrice, Power, Share};

use super::case::{BatteryStart, Case, Purchase, Site, Size};

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// No step at all, or a step without length.
    #[error("the horizon has no steps")]
    Empty,
    /// Series of different lengths.
    #[error("{what} has {got} steps, the load {want}")]
    Length {
        /// Which series.
        what: String,
        /// Its length.
        got: usize,
        /// The load's.
        want: usize,
    },
    /// A figure below zero, or none.
    #[error("{what} must not be negative{}", at(.step))]
    Negative {
        /// Which input.
        what: String,
        /// First step at fault, for series.
        step: Option<usize>,
    },
    /// Not a number, or infinite.
    #[error("{what} is not a number{}", at(.step))]
    NotANumber {
        /// Which input.
        what: String,
        /// First step at fault, for series.
        step: Option<usize>,
    },
    /// Outside zero to one.
    #[error("{what} must lie between 0 % and 100 %{}", at(.step))]
    NotAShare {
        /// Which input.
        what: String,
        /// First step at fault, for series.
        step: Option<usize>,
    },
    /// Zero where that makes no sense.
    #[error("{what} must be above zero")]
    Zero {
        /// Which input.
        what: String,
    },
    /// A pay-as-produced agreement cannot be sized here.
    #[error("{what} is an agreement: its size is given, only plants on the site are sized")]
    SizedAgreement {
        /// Which plant.
        what: String,
    },
    /// More than the battery holds.
    #[error("the battery starts with more than it holds")]
    StartsOverfull,
    /// Windows that do not fit.
    #[error("{what}")]
    Windows {
        /// What is wrong with them.
        what: &'static str,
    },
}

fn at(step: &Option<usize>) -> String {
    step.map_or_else(String::new, |s| format!(" (hour {s} of the horizon)"))
}

/// Which limit stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// The grid connection, all else being used up.
    Connection,
    /// The power of the battery: it holds energy that it cannot deliver fast enough.
    BatteryPower,
    /// The energy of the battery: it is empty.
    BatteryEnergy,
    /// Feeding in: energy that must go somewhere has no way out.
    Export,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Limit::Connection => "the grid connection",
            Limit::BatteryPower => "the power of the battery",
            Limit::BatteryEnergy => "the energy of the battery",
            Limit::Export => "the export limit",
        })
    }
}

/// Load that cannot be served.
#[derive(Debug, Clone, PartialEq)]
pub struct Shortage {
    /// Steps in which something is missing, in order.
    pub steps: Vec<usize>,
    /// What is missing in each.
    pub missing: Vec<Power>,
    /// What binds in each.
    pub limits: Vec<Limit>,
    /// Energy missing in total, with everything else used to make it as small as it can be.
    pub energy: Energy,
}

impl Shortage {
    /// Largest power missing.
    pub fn peak(&self) -> Power {
        self.missing.iter().fold(Power::ZERO, |m, p| m.max(*p))
    }

    /// The limit that binds most often.
    pub fn limit(&self) -> Limit {
        let count = |l: Limit| self.limits.iter().filter(|x| **x == l).count();
        let all = [Limit::Connection, Limit::BatteryPower, Limit::BatteryEnergy, Limit::Export];
        all.into_iter().rev().max_by_key(|l| count(*l)).unwrap_or(Limit::Connection)
    }

    fn hours(&self) -> String {
        let shown: Vec<String> = self.steps.iter().take(5).map(ToString::to_string).collect();
        let more = self.steps.len().saturating_sub(5);
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{tail}", shown.join(", "))
    }
}

/// Why a case has no dispatch.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DispatchError {
    /// The input contradicts itself.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Fault>),
    /// The load cannot be served.
    #[error("the load cannot be served in hours {} of the horizon: {} is short by up to {}", .0.hours(), .0.limit(), .0.peak())]
    Infeasible(Shortage),
    /// The solver did not reach the wanted accuracy.
    #[error("the dispatch stands {gap:.1e} away from its lower bound, more than the {wanted:.1e} wanted")]
    NotConverged {
        /// Relative gap reached.
        gap: f64,
        /// Relative gap wanted.
        wanted: f64,
    },
}

impl DispatchError {
    /// Code of its diagnostic.
    pub fn code(&self) -> &'static str {
        match self {
            DispatchError::Invalid(_) => "G547",
            DispatchError::Infeasible(_) => "G548",
            DispatchError::NotConverged { .. } => "G549",
        }
    }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn not_negative(&mut self, what: &str, value: f64) {
        if !(value >= 0.0 && value.is_finite()) {
            self.0.push(Fault::Negative { what: what.to_owned(), step: None });
        }
    }

    fn number(&mut self, what: &str, price: EnergyPrice) {
        if !price.is_finite() {
            self.0.push(Fault::NotANumber { what: what.to_owned(), step: None });
        }
    }

    fn share(&mut self, what: &str, share: Share) {
        if !(0.0..=1.0).contains(&share.fraction()) {
            self.0.push(Fault::NotAShare { what: what.to_owned(), step: None });
        }
    }

    fn length(&mut self, what: &str, got: usize, want: usize) {
        if got != want {
            self.0.push(Fault::Length { what: what.to_owned(), got, want });
        }
    }

    fn powers(&mut self, what: &str, series: &[Power]) {
        if let Some(step) = series.iter().position(|p| !(p.w() >= 0.0 && p.is_finite())) {
            self.0.push(Fault::Negative { what: what.to_owned(), step: Some(step) });
        }
    }

    fn size(&mut self, what: &str, given: f64, yearly: Option<f64>) {
        self.not_negative(what, given);
        if let Some(cost) = yearly {
            self.not_negative(&format!("the yearly cost of {what}"), cost);
        }
    }
}

/// All faults of a case.
///
/// # Errors
/// [`DispatchError::Invalid`] with every fault found.
pub(crate) fn check(case: &Case) -> Result<(), DispatchError> {
    let mut faults = Faults::default();
    let steps = case.steps();
    if steps == 0 || !(case.step.s() > 0.0 && case.step.is_finite()) {
        faults.0.push(Fault::Empty);
    }
    faults.powers("the load", &case.load);
    faults.length("the price", case.spot.len(), steps);
    if let Some(step) = case.spot.iter().position(|p| !p.is_finite()) {
        faults.0.push(Fault::NotANumber { what: "the price".to_owned(), step: Some(step) });
    }
    match case.purchase {
        Purchase::Spot { margin } => faults.number("the supplier's margin", margin),
        Purchase::Fixed { price } => faults.number("the fixed price", price),
    }
    faults.length("the import limit", case.grid.import_limit.len(), steps);
    faults.powers("the import limit", &case.grid.import_limit);
    faults.not_negative("the export limit", case.grid.export_limit.w());
    faults.number("the charge on imports", case.grid.import_charge);
    faults.number("the charge on exports", case.grid.export_charge);
    faults.not_negative("the charge on the peak", case.grid.peak_charge.eur_per_kw_year());
    for (i, band) in case.bands.iter().enumerate() {
        faults.not_negative(&format!("the power of baseload agreement {}", i + 1), band.power.w());
        faults.number(&format!("the price of baseload agreement {}", i + 1), band.price);
    }
    for (i, plant) in case.plants.iter().enumerate() {
        let name = format!("plant {}", i + 1);
        faults.length(&format!("the profile of {name}"), plant.profile.len(), steps);
        if let Some(step) = plant.profile.iter().position(|s| !(0.0..=1.0).contains(&s.fraction())) {
            faults.0.push(Fault::NotAShare { what: format!("the profile of {name}"), step: Some(step) });
        }
        match plant.size {
            Size::Fixed(power) => faults.size(&format!("the size of {name}"), power.w(), None),
            Size::Free { most, yearly } => {
                faults.size(&format!("the size of {name}"), most.w(), Some(yearly.eur_per_kw_year()));
            }
        }
        match (plant.site, plant.size) {
            (Site::Agreement { .. }, Size::Free { .. }) => {
                faults.0.push(Fault::SizedAgreement { what: name });
            }
            // What is paid per unit made would have to be part of what the size costs.
            (Site::OnSite { price } | Site::Agreement { price }, _) => {
                faults.number(&format!("the price of {name}"), price);
            }
        }
    }
    battery(case, &mut faults);
    if let Some(cap) = case.cap {
        faults.share("the share of the load that may be capped", cap.share);
        faults.not_negative("the value of capped work", cap.value.eur_per_mwh());
    }
    if let Some(d) = case.deferral {
        faults.share("the share of the load that may be deferred", d.share);
        faults.not_negative("the power for catching up", d.catch_up.w());
        faults.not_negative("the cost of deferral", d.cost.eur_per_mwh());
        if d.block == 0 {
            faults.0.push(Fault::Zero { what: "the block that deferred work is caught up in".to_owned() });
        }
    }
    if faults.0.is_empty() { Ok(()) } else { Err(DispatchError::Invalid(faults.0)) }
}

fn battery(case: &Case, faults: &mut Faults) {
    let Some(b) = &case.battery else { return };
    match b.power {
        Size::Fixed(power) => faults.size("the power of the battery", power.w(), None),
        Size::Free { most, yearly } => {
            faults.size("the power of the battery", most.w(), Some(yearly.eur_per_kw_year()));
        }
    }
    let most = match b.energy {
        Size::Fixed(energy) => {
            faults.size("the energy of the battery", energy.joules(), None);
            energy
        }
        Size::Free { most, yearly } => {
            faults.size("the energy of the battery", most.joules(), Some(yearly.eur_per_mwh()));
            most
        }
    };
    for (what, share) in [
        ("the charge efficiency of the battery", b.charge_efficiency),
        ("the discharge efficiency of the battery", b.discharge_efficiency),
    ] {
        if share.fraction() == 0.0 {
            faults.0.push(Fault::Zero { what: what.to_owned() });
        } else {
            faults.share(what, share);
        }
    }
    faults.share("the standing loss of the battery", b.standing_loss);
    faults.not_negative("the wear of the battery", b.wear.eur_per_mwh());
    if let BatteryStart::Level(level) = b.start {
        faults.not_negative("the level the battery starts with", level.joules());
        if level > most {
            faults.0.push(Fault::StartsOverfull);
        }
    }
}
