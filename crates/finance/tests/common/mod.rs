//! The made-up project on which the tests and the benchmark stand: two phases in months, with every part of a plan in use.
//! Each of them changes what it is about.

use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::opex::OpexYear;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::*;
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};

/// A phase built in `months` from the month `start` on, for so many million EUR of computing; it sells for six years.
pub fn phase(start: u32, months: u32, million: f64, public: PhasePublic) -> Phase {
    Phase {
        computing: Money::from_million(million),
        facility: Money::from_million(0.6 * million),
        public,
        build_start: start,
        build_months: months,
        draw: DrawCurve::Logistic { steepness: 6.0, midpoint: 0.6 },
        opens: start + months + 1,
        sells_months: 72,
        hours_per_year: million * 1e6 / 45_000.0 * 8_300.0,
        h100e_per_accelerator: 2.5,
        utilisation: YearPath::Factors(vec![0.5, 0.7, 0.8]),
        opex: OpexYear {
            energy: Money::from_million(0.05 * million),
            maintenance: Money::from_million(0.05 * million),
            ..OpexYear::ZERO
        },
        computing_life: 60,
        facility_life: 240,
        depreciation_lag: 0,
        residual_computing: Share::from_percent(5.0),
        residual_facility: Share::from_percent(40.0),
    }
}

/// Two phases of `months` each, the second begun when the first is built, with this share of the computing as a grant.
pub fn plan(months: u32, grant: f64) -> Plan {
    let public = |m: f64| PhasePublic {
        grant: Money::from_million(grant * m),
        share_of_hours: Share::from_fraction(grant),
        ..PhasePublic::NONE
    };
    Plan {
        start: Date::from_days(21_000.0),
        step: Step::Month,
        price_month: 0,
        phases: vec![phase(0, months, 700.0, public(700.0)), phase(months, months, 1000.0, public(1000.0))],
        replacements: vec![Replacement {
            month: months + 61,
            cost: Money::from_million(300.0),
            life: 60,
            residual: Share::ZERO,
        }],
        market_price: HourPrice::from_eur_per_h(4.0),
        market_path: YearPath::Factors(vec![1.0, 0.8, 0.7, 0.9, 0.75]),
        contracts: vec![HourContract {
            share: Share::from_percent(20.0),
            price: HourPrice::from_eur_per_h(3.0),
            path: YearPath::Growth(Growth::from_per_year(-0.02)),
            from: months + 1,
            until: months + 49,
        }],
        energy_path: YearPath::Growth(Growth::from_per_year(0.01)),
        cost_path: YearPath::Growth(Growth::from_per_year(0.02)),
        debt: Debt {
            rate: Share::from_percent(6.0),
            tenor_months: 60,
            profile: Profile::Sculpted,
            target_dscr: Some(1.3),
            gearing_cap: Share::from_percent(60.0),
            upfront_fee: Share::from_percent(1.5),
            construction_interest: ConstructionInterest::Capitalised,
            ..Debt::NONE
        },
        public_loan: Some(PublicLoan {
            amount: Money::from_million(50.0),
            rate: Share::from_percent(2.0),
            tenor_months: 96,
        }),
        other_financing: Money::from_million(10.0),
        reserve: Reserve { months: 6.0, interest: Share::from_percent(1.5) },
        tax: Tax {
            rate: Share::from_percent(25.0),
            losses: LossRule::CarriedForward { share: Share::from_percent(70.0) },
            depreciate_financing: true,
        },
        project_rate: Share::from_percent(9.0),
        equity_rate: Share::from_percent(13.0),
    }
}
