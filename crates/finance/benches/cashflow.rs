//! A million evaluations on one core through the public API: a two-phase project in months with debt, reserve, tax and
//! waterfall, every evaluation at a price of its own. `cargo bench -p gigatwin-finance` for ten years of operation (and a
//! tenth as many for 25 years); `-- 10000` for fewer.
use std::hint::black_box;
use std::time::Instant;

/// Processor seconds of this process where the system tells (Linux: ticks of 1/100 s), else elapsed ones.
fn seconds(since: Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|t| t.parse::<f64>().ok());
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => (user + system) / 100.0,
        _ => since.elapsed().as_secs_f64(),
    }
}

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
    let start = Instant::now();
    let count: u32 = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1_000_000);
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
        let n = if years == 10 { count } else { count / 10 };
        let (mut sum, mut answered) = (0.0, 0_u32);
        let (clock, before) = (Instant::now(), seconds(start));
        for i in 0..n {
            plan.market_price = HourPrice::from_eur_per_h(4.0 + 2.0 * f64::from(i) / f64::from(n));
            if let Ok(o) = evaluate(black_box(&plan), &mut work)
                && let Some(rate) = o.equity.xirr.rate()
            {
                sum += rate;
                answered += 1;
            }
        }
        let (cpu, wall) = (seconds(start) - before, clock.elapsed().as_secs_f64());
        println!(
            "{years} years: {n} evaluations in {cpu:.2} CPU s ({wall:.2} s elapsed), {:.2} us each; {answered} with one \
             equity rate, mean {:.4}",
            1e6 * cpu / f64::from(n),
            sum / f64::from(answered.max(1))
        );
    }
}
