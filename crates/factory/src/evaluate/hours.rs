//! Accelerator-hours: installed, available, used, and who gets them.

use gigatwin_finance::funding::Funding;

use super::sheet::Sheet;
use super::site::YEAR;
use crate::inputs::Values;
use crate::resolved::{Factory, HoursRule, TenantKind};

/// Hours of one year.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hours {
    pub available: f64,
    pub used: f64,
    /// Share of installed hours in which accelerators work.
    pub busy: f64,
    /// By tenant, in the file's order.
    pub tenants: Vec<f64>,
    /// What no tenant has.
    pub unassigned: f64,
}

/// Installed hours less repair and maintenance: a node is down for rate × repair time, the whole machine for its maintenance.
pub(crate) fn available(f: &Factory, v: &Values<'_>, sheet: &mut Sheet) -> Hours {
    let installed = sheet.at("site.accelerators") * YEAR / 3600.0;
    let repair = v.get(f.operations.node_failure_rate).per_s() * v.get(f.operations.repair).s();
    let up = (1.0 - v.get(f.operations.maintenance).fraction()) / (1.0 + repair);
    let utilisation = v.get(f.operations.utilisation).fraction();
    let hours = Hours { available: installed * up, used: installed * up * utilisation, busy: up * utilisation, ..Hours::default() };
    sheet.put("hours.installed_annual", installed);
    sheet.put("hours.available_annual", hours.available);
    sheet.put("hours.used_annual", hours.used);
    hours
}

/// Divides the available hours: Union and States in proportion to their part of the computing CAPEX (Regulation (EU) 2026/150,
/// Art. 12b(13)), tenants with a share, then whoever takes the remainder.
pub(crate) fn divide(f: &Factory, v: &Values<'_>, hours: &mut Hours, funding: Option<&Funding>, sheet: &mut Sheet) {
    let brings = funding.is_some_and(|x| x.form.brings_hours());
    let part = |money: gigatwin_quantity::Money, x: &Funding| if brings && x.computing.eur() > 0.0 { money / x.computing } else { 0.0 };
    let union = funding.map_or(f64::NAN, |x| part(x.expected.union, x));
    let states = funding.map_or(f64::NAN, |x| part(x.expected.states, x));
    let mut left = 1.0;
    let mut shares = vec![0.0; f.tenants.len()];
    for (share, tenant) in shares.iter_mut().zip(&f.tenants) {
        *share = match (&tenant.hours, tenant.kind) {
            (HoursRule::ByContribution, TenantKind::Union) => union,
            (HoursRule::ByContribution, TenantKind::States) => states,
            (HoursRule::ByContribution, TenantKind::Other) | (HoursRule::Remainder, _) => 0.0,
            (HoursRule::Share(given), _) => v.get(*given).fraction(),
        };
        left -= *share;
    }
    if let Some(i) = f.tenants.iter().position(|t| matches!(t.hours, HoursRule::Remainder)) {
        shares[i] = left.max(0.0);
        left = left.min(0.0);
    }
    hours.unassigned = left.max(0.0) * hours.available;
    hours.tenants = shares.iter().map(|s| s * hours.available).collect();
    for (tenant, h) in f.tenants.iter().zip(&hours.tenants) {
        sheet.put(&format!("tenant.{}.hours", tenant.slug), *h);
        for (class, share) in &tenant.classes {
            sheet.put(&format!("tenant.{}.hours.{class}", tenant.slug), h * v.get(*share).fraction());
        }
    }
    let of_states = states * hours.available;
    for state in &f.states {
        sheet.put(&format!("state.{}.hours", state.code), of_states * v.get(state.share).fraction());
    }
}

