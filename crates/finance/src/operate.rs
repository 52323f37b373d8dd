//! Hours, revenue, running cost and depreciation of every operating period.

use gigatwin_quantity::{Date, HourPrice, Money};

use crate::plan::{Plan, PurchasePrice};
use crate::rows::PeriodRow;

/// Months of [from, until) inside [a, b).
fn overlap(a: u32, b: u32, from: u32, until: u32) -> u32 {
    b.min(until).saturating_sub(a.max(from))
}

/// Depreciable things of a plan: (cost, residual, first month, months).
pub(crate) fn assets(plan: &Plan) -> impl Iterator<Item = (f64, f64, u32, u32)> + '_ {
    let financing = if plan.tax.depreciate_financing { plan.other_financing.eur() } else { 0.0 };
    let phases = plan.phases.iter().enumerate().flat_map(move |(n, p)| {
        let from = p.opens + p.depreciation_lag;
        let extra = if n == 0 { financing } else { 0.0 };
        [
            (
                p.computing.eur() - p.public.grant.eur() + extra,
                p.computing.eur() * p.residual_computing.fraction(),
                from,
                p.computing_life,
            ),
            (p.facility.eur(), p.facility.eur() * p.residual_facility.fraction(), from, p.facility_life),
        ]
    });
    phases.chain(
        plan.replacements
            .iter()
            .map(|r| (r.cost.eur(), r.cost.eur() * r.residual.fraction(), r.month, r.life)),
    )
}

/// Fills `rows` with the operating lines; `changes` is scratch. Returns the book value left at the end.
pub(crate) fn fill(
    plan: &Plan,
    first: u32,
    count: usize,
    days: &[f64],
    rows: &mut Vec<PeriodRow>,
    changes: &mut Vec<u32>,
) -> f64 {
    let step = plan.step.months();
    changes.clear();
    for p in &plan.phases {
        changes.extend([p.opens, p.opens + p.sells_months, p.opens + p.public.purchase_months]);
        if p.public.share_months < p.sells_months {
            changes.push(p.opens + p.public.share_months);
        }
    }
    for c in &plan.contracts {
        changes.extend([c.from, c.until]);
    }
    for (_, _, from, life) in assets(plan) {
        changes.extend([from, from + life]);
    }
    changes.sort_unstable();
    rows.clear();
    let mut next_change = 0;
    let mut year_before = (i32::MIN, u32::MAX);
    for k in 0..count {
        let a = first + k as u32 * step;
        let b = a + step;
        let year = ((i64::from(a) - i64::from(plan.price_month)).div_euclid(12)) as i32;
        let block = (a - first) / 12;
        // A month like the one before it costs one copy: nothing starts, ends or is repriced in either.
        let before = a.saturating_sub(step);
        while changes.get(next_change).is_some_and(|c| *c <= before) {
            next_change += 1;
        }
        let same = k > 0 && (year, block) == year_before && changes.get(next_change).is_none_or(|c| *c >= b);
        if same {
            rows.extend_from_within(k - 1..);
        } else {
            year_before = (year, block);
            rows.push(operating(plan, first, a, b, year, block));
        }
        if let Some(row) = rows.last_mut() {
            row.month = b;
            row.date = Date::from_days(days.get(b as usize).copied().unwrap_or(0.0));
        }
    }
    for r in &plan.replacements {
        // A refresh at a period's first point belongs to the period before, whose end it is.
        let k = r.month.saturating_sub(first).div_ceil(step).max(1) as usize - 1;
        if let Some(row) = rows.get_mut(k) {
            row.replacement += r.cost;
        }
    }
    let end = first + count as u32 * step;
    let mut book = 0.0;
    let mut residual = 0.0;
    for (cost, left, from, life) in assets(plan) {
        book += cost * (1.0 - f64::from(end.saturating_sub(from).min(life)) / f64::from(life));
        residual += left;
    }
    if let Some(last) = rows.last_mut() {
        last.residual = Money::from_eur(residual);
    }
    book
}

fn operating(plan: &Plan, first: u32, a: u32, b: u32, year: i32, block: u32) -> PeriodRow {
    let market = plan.market_price.eur_per_h() * plan.market_path.factor(year);
    let energy = plan.energy_path.factor(year);
    let other = plan.cost_path.factor(year);
    let mut row = PeriodRow { price: HourPrice::from_eur_per_h(market), ..PeriodRow::EMPTY };
    for p in &plan.phases {
        let years = f64::from(overlap(a, b, p.opens, p.opens + p.sells_months)) / 12.0;
        if years == 0.0 {
            continue;
        }
        let age = block - (p.opens - first) / 12;
        let used = p.utilisation.factor(i32::try_from(age).unwrap_or(i32::MAX));
        let hours = p.hours_per_year * years;
        let paying = f64::from(overlap(
            a,
            b,
            p.opens,
            (p.opens + p.public.purchase_months).min(p.opens + p.sells_months),
        ));
        let purchase = p.public.purchase.eur() * paying / f64::from(p.public.purchase_months);
        let (public, mut left) = match p.public.price {
            // Hours by price come off the capacity first, taken or not.
            Some(price) => {
                let each = match price {
                    PurchasePrice::Market => market,
                    PurchasePrice::Fixed(fixed) => fixed.eur_per_h(),
                };
                let bought = if each > 0.0 { (purchase / each).min(hours) } else { 0.0 };
                (bought, hours - bought)
            }
            // A share of the hours is a share of those that are used, as long as it holds.
            None => {
                let until = p.opens + p.public.share_months.min(p.sells_months);
                let held = p.hours_per_year * f64::from(overlap(a, b, p.opens, until)) / 12.0
                    * p.public.share_of_hours.fraction();
                (held * used, hours - held)
            }
        };
        let (mut contracted, mut contract_revenue) = (0.0, 0.0);
        for c in &plan.contracts {
            let running =
                f64::from(overlap(a.max(p.opens), b.min(p.opens + p.sells_months), c.from, c.until)) / 12.0;
            if running > 0.0 {
                let h = (p.hours_per_year * running * c.share.fraction()).min(left);
                left -= h;
                contracted += h;
                contract_revenue += h * c.price.eur_per_h() * c.path.factor(year);
            }
        }
        let sold = left * used;
        row.hours_available += hours;
        row.hours_public += public;
        row.hours_contract += contracted;
        row.hours_market += sold;
        row.h100e_hours += (public + contracted + sold) * p.h100e_per_accelerator;
        row.revenue_public += Money::from_eur(purchase);
        row.revenue_contract += Money::from_eur(contract_revenue);
        row.revenue_market += Money::from_eur(sold * market);
        row.opex.add_scaled(&p.opex, years * energy, years * other);
    }
    let mut depreciation = 0.0;
    for (cost, _, from, life) in assets(plan) {
        depreciation += cost * f64::from(overlap(a, b, from, from + life)) / f64::from(life);
    }
    row.depreciation = Money::from_eur(depreciation);
    row.ebitda = row.revenue() - row.opex.total();
    row
}
