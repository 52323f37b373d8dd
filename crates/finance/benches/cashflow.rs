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
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::*;
use gigatwin_quantity::{Growth, HourPrice, Share};

#[path = "../tests/common/mod.rs"]
mod common;

/// The common project sold for so many years, without replacement and public loan, and with a third of it granted.
fn plan(years: u32) -> Plan {
    let mut plan = common::plan(18, 0.34);
    plan.phases[0].sells_months = 12 * years;
    plan.phases[1].sells_months = 12 * years - 18;
    for phase in &mut plan.phases {
        phase.opens = phase.build_start + phase.build_months;
    }
    plan.replacements.clear();
    plan.market_path = YearPath::Growth(Growth::from_per_year(-0.01));
    plan.contracts[0].path = YearPath::FLAT;
    plan.contracts[0].from = 18;
    plan.contracts[0].until = 66;
    plan.debt = Debt {
        tenor_months: 84,
        upfront_fee: Share::ZERO,
        construction_interest: ConstructionInterest::PaidByEquity,
        ..plan.debt
    };
    plan.public_loan = None;
    plan.reserve.interest = Share::from_percent(1.0);
    plan.tax.losses = LossRule::CarriedForward { share: Share::from_percent(100.0) };
    plan.tax.depreciate_financing = false;
    plan
}

fn main() {
    let start = Instant::now();
    let count: u32 = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1_000_000);
    for years in [10_u32, 25] {
        let mut plan = plan(years);
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
