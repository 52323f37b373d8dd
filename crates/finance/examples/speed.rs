//! CPU time of one evaluation: a two-phase project in months, debt, tax and waterfall, 10 and 25 years of operation.
use std::hint::black_box;
use std::time::Instant;

use gigatwin_finance::cashflow::{Workspace, evaluate};
use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::opex::OpexYear;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::*;
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};

fn phase(start: u32, million: f64, sells: u32) -> Phase {
    Phase {
        computing: Money::from_million(million),
        facility: Money::from_million(0.6 * million),
        public: PhasePublic {
            grant: Money::from_million(0.34 * million),
            share_of_hours: Share::from_percent(34.0),
            ..PhasePublic::NONE
        },
        build_start: start,
        build_months: 18,
        draw: DrawCurve::Logistic { steepness: 6.0, midpoint: 0.6 },
        opens: start + 18,
        sells_months: sells,
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

fn main() {
    for years in [10_u32, 25] {
        let mut plan = Plan {
            start: Date::from_days(21_000.0),
            step: Step::Month,
            price_month: 0,
            phases: vec![phase(0, 700.0, 12 * years), phase(18, 1000.0, 12 * years - 18)],
            replacements: Vec::new(),
            market_price: HourPrice::from_eur_per_h(4.0),
            market_path: YearPath::Growth(Growth::from_per_year(-0.01)),
            contracts: vec![HourContract {
                share: Share::from_percent(20.0),
                price: HourPrice::from_eur_per_h(3.0),
                path: YearPath::FLAT,
                from: 18,
                until: 66,
            }],
            energy_path: YearPath::Growth(Growth::from_per_year(0.01)),
            cost_path: YearPath::Growth(Growth::from_per_year(0.02)),
            debt: Debt {
                rate: Share::from_percent(6.0),
                tenor_months: 84,
                profile: Profile::Sculpted,
                target_dscr: Some(1.3),
                gearing_cap: Share::from_percent(60.0),
                ..Debt::NONE
            },
            public_loan: None,
            other_financing: Money::from_million(10.0),
            reserve: Reserve { months: 6.0, interest: Share::from_percent(1.0) },
            tax: Tax {
                rate: Share::from_percent(25.0),
                losses: LossRule::CarriedForward { share: Share::from_percent(100.0) },
                depreciate_financing: false,
            },
            project_rate: Share::from_percent(9.0),
            equity_rate: Share::from_percent(13.0),
        };
        let mut work = Workspace::default();
        let n: u32 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(20_000);
        let mut sum = 0.0;
        let start = Instant::now();
        for i in 0..n {
            plan.market_price = HourPrice::from_eur_per_h(4.0 + 2.0 * f64::from(i) / f64::from(n));
            if let Ok(o) = evaluate(black_box(&plan), &mut work) {
                sum += o.equity.xirr.rate().unwrap_or(0.0);
            }
        }
        let t = start.elapsed().as_secs_f64();
        println!(
            "{years} years: {:.2} us per evaluation (mean equity rate {:.4})",
            1e6 * t / f64::from(n),
            sum / f64::from(n)
        );
    }
}
