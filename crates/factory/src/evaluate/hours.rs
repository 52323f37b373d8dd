//! Accelerator-hours: facts for `operations` and `programme`, and who gets them.

use gigatwin_finance::funding::{Funding, PublicForm};
use gigatwin_operations::{HOURS_PER_YEAR, Operations};
use gigatwin_programme::hours::{Claim, HoursInputs, Tenant, share_hours};
use gigatwin_quantity::Share;

use super::cash::{market_price, purchase_per_year};
use super::machine::Machine;
use super::sheet::Sheet;
use super::train::REFERENCE_NODE;
use super::uses::Running;
use crate::inputs::Values;
use crate::resolved::{Factory, HoursRule, TenantKind};

/// Hours of one year.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hours {
    pub available: f64,
    pub used: f64,
    /// Share of installed hours in which accelerators work, and in which they are up.
    pub busy: f64,
    pub up: f64,
    /// By tenant, in the file's order.
    pub tenants: Vec<f64>,
    /// What no tenant has.
    pub unassigned: f64,
}

impl Hours {
    /// The same as shares.
    pub fn running(&self) -> Running {
        Running { busy: self.busy, up: self.up }
    }
}

/// The hours of a year, from failures, maintenance and utilisation.
pub(crate) fn available(
    f: &Factory,
    v: &Values<'_>,
    machines: &[Machine],
    sheet: &mut Sheet,
) -> Result<Hours, String> {
    let accelerators = sheet.at("site.accelerators");
    let per_node = accelerators / machines.iter().map(|m| m.accelerators / m.per_node).sum::<f64>();
    let utilisation = v.get(f.operations.utilisation);
    // Utilisation is of available hours and stands for fragmentation and use alike: what is promised and what is open is used
    // to the same share here.
    let year = Operations {
        accelerators,
        node_failure_rate: v.get(f.operations.node_failure_rate) * (per_node / REFERENCE_NODE),
        repair_time: v.get(f.operations.repair),
        maintenance_share: v.get(f.operations.maintenance),
        outage_share: v.get(f.defaults.operations.outage_share),
        fragmentation_share: Share::ZERO,
        contracted_share: Share::ZERO,
        contracted_use: utilisation,
        open_use: utilisation,
    }
    .year()
    .map_err(|e| e.to_string())?;
    sheet.put("hours.installed_annual", accelerators * HOURS_PER_YEAR);
    sheet.put("hours.available_annual", year.available);
    sheet.put("hours.used_annual", year.used);
    Ok(Hours {
        available: year.available,
        used: year.used,
        busy: year.used / year.installed,
        up: year.available / year.installed,
        ..Hours::default()
    })
}

/// Divides the available hours.
pub(crate) fn divide(
    f: &Factory,
    v: &Values<'_>,
    hours: &mut Hours,
    funding: Option<&Funding>,
    sheet: &mut Sheet,
) -> Result<(), String> {
    let Some(funding) = funding else {
        for tenant in &f.tenants {
            sheet.put_some(&format!("tenant.{}.hours", tenant.slug), None);
        }
        for state in &f.states {
            sheet.put_some(&format!("state.{}.hours", state.code), None);
        }
        return Ok(());
    };
    // A share of the infrastructure, or of its hours, brings hours in proportion (Regulation (EU) 2026/150, Art. 12b(13)); a guaranteed
    // purchase at market price brings as many as its yearly part buys.
    let bought = market_price(f, v, sheet.at("site.h100_equivalents") / sheet.at("site.accelerators"));
    let part = |money: gigatwin_quantity::Money| {
        let share = match funding.form {
            PublicForm::HourPurchase => purchase_per_year(f, v, money) / bought.eur_per_h() / hours.available,
            form if form.brings_hours() && funding.computing.eur() > 0.0 => money / funding.computing,
            _ => 0.0,
        };
        Share::from_fraction(share.clamp(0.0, 0.5))
    };
    let alike = |kind: TenantKind| {
        let same = f
            .tenants
            .iter()
            .filter(|t| t.kind == kind && matches!(t.hours, HoursRule::ByContribution))
            .count();
        Share::from_fraction(1.0 / same.max(1) as f64)
    };
    let inputs = HoursInputs {
        available: hours.available,
        union_share: part(funding.expected.union),
        states_share: part(funding.expected.states),
        states: f.states.iter().map(|s| (s.code.clone(), v.get(s.share))).collect(),
        tenants: f
            .tenants
            .iter()
            .map(|t| Tenant {
                name: t.slug.clone(),
                claim: match (&t.hours, t.kind) {
                    (HoursRule::ByContribution, TenantKind::States) => {
                        Claim::States(alike(TenantKind::States))
                    }
                    (HoursRule::ByContribution, _) => Claim::Union(alike(TenantKind::Union)),
                    (HoursRule::Remainder, _) => Claim::Remainder,
                    (HoursRule::Share(share), _) => Claim::OfAll(v.get(*share)),
                },
                classes: t.classes.iter().map(|(c, s)| ((*c).to_owned(), v.get(*s))).collect(),
            })
            .collect(),
    };
    let ledger = share_hours(&inputs).map_err(|e| e.to_string())?;
    for tenant in &ledger.tenants {
        sheet.put(&format!("tenant.{}.hours", tenant.name), tenant.hours);
        for (class, h) in &tenant.classes {
            sheet.put(&format!("tenant.{}.hours.{class}", tenant.name), *h);
        }
    }
    for (code, h) in &ledger.states {
        sheet.put(&format!("state.{code}.hours"), *h);
    }
    hours.tenants = ledger.tenants.iter().map(|t| t.hours).collect();
    hours.unassigned = ledger.unassigned;
    Ok(())
}
