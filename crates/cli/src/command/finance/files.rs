//! Months as Parquet and CSV, tables as CSV.

use std::path::Path;

use gigatwin_factory::Factory;
use gigatwin_factory::finance::{Case, SiteFinance};
use gigatwin_finance::balance::BalanceRow;
use gigatwin_finance::rows::{OutlayRow, PeriodRow};
use gigatwin_output::{Stamp, Table, TableError};

use super::tables::{Moment, capex, moments};
use super::{book, findings, json};
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

/// The stamp as the tables carry it.
pub(super) fn stamp(site: &SiteFinance) -> Stamp {
    Stamp {
        version: site.stamp.version.to_owned(),
        seed: site.stamp.seed,
        inputs_sha256: site.stamp.inputs_sha256.clone(),
    }
}

pub(super) fn write(
    context: &Context,
    folder: &Path,
    site: &SiteFinance,
    factory: &Factory,
) -> Result<(), Fault> {
    std::fs::create_dir_all(folder).map_err(|e| disk::cannot_write(&context.messages, folder, &e))?;
    let put = |name: &str, bytes: &[u8]| disk::write(&context.messages, &folder.join(name), bytes);
    let fail = |e: TableError| Fault::Environment(e.to_string());
    let months = months(&site.base);
    put("months.parquet", &months.parquet(&stamp(site)).map_err(fail)?)?;
    put("months.csv", &months.csv().map_err(fail)?)?;
    put("capex.csv", &costs(site).csv().map_err(fail)?)?;
    put("forms.csv", &forms(site).csv().map_err(fail)?)?;
    put("cash-flow.xlsx", &book::bytes(site, factory)?)?;
    let json = serde_json::to_string_pretty(&json::json(site, &findings(site)))
        .map_err(|e| Fault::Environment(e.to_string()))?;
    put("finance.json", format!("{json}\n").as_bytes())
}

/// One row for each month end, from the first outlay to the last sale.
fn months(case: &Case) -> Table {
    let all: Vec<(u32, Moment)> = moments(case).into_iter().collect();
    let outlay = |pick: fn(&OutlayRow) -> f64| -> Vec<f64> {
        all.iter().map(|m| m.1.outlay.as_ref().map_or(0.0, pick)).collect()
    };
    let period = |pick: fn(&PeriodRow) -> f64| -> Vec<f64> {
        all.iter().map(|m| m.1.period.as_ref().map_or(0.0, pick)).collect()
    };
    let books = |pick: fn(&BalanceRow) -> f64| -> Vec<Option<f64>> {
        all.iter().map(|m| m.1.books.as_ref().map(pick)).collect()
    };
    Table::new()
        .integer("month", "1", all.iter().map(|m| i64::from(m.0)))
        .text("date", all.iter().map(|m| m.1.date().to_string()))
        .number("spend_eur", "EUR", outlay(|o| o.spend.eur()))
        .number("grant_eur", "EUR", outlay(|o| o.grant.eur()))
        .number("debt_draw_eur", "EUR", outlay(|o| o.draw.eur()))
        .number("public_loan_draw_eur", "EUR", outlay(|o| o.loan_draw.eur()))
        .number("building_interest_paid_eur", "EUR", outlay(|o| o.interest.eur()))
        .number("fees_and_reserve_eur", "EUR", outlay(|o| o.financing.eur()))
        .number("hours_available", "h", period(|p| p.hours_available))
        .number("hours_public", "h", period(|p| p.hours_public))
        .number("hours_contract", "h", period(|p| p.hours_contract))
        .number("hours_market", "h", period(|p| p.hours_market))
        .number("h100e_hours", "h", period(|p| p.h100e_hours))
        .number("price_eur_per_h", "EUR/h", period(|p| p.price.eur_per_h()))
        .number("revenue_public_eur", "EUR", period(|p| p.revenue_public.eur()))
        .number("revenue_contract_eur", "EUR", period(|p| p.revenue_contract.eur()))
        .number("revenue_market_eur", "EUR", period(|p| p.revenue_market.eur()))
        .number("energy_eur", "EUR", period(|p| p.opex.energy.eur()))
        .number("maintenance_eur", "EUR", period(|p| p.opex.maintenance.eur()))
        .number("staff_eur", "EUR", period(|p| p.opex.staff.eur()))
        .number("insurance_eur", "EUR", period(|p| p.opex.insurance.eur()))
        .number("site_eur", "EUR", period(|p| p.opex.site.eur()))
        .number("software_eur", "EUR", period(|p| p.opex.software.eur()))
        .number("ebitda_eur", "EUR", period(|p| p.ebitda.eur()))
        .number("depreciation_eur", "EUR", period(|p| p.depreciation.eur()))
        .number("taxable_income_eur", "EUR", period(|p| p.taxable_income.eur()))
        .number("loss_used_eur", "EUR", period(|p| p.loss_used.eur()))
        .number("loss_pool_eur", "EUR", period(|p| p.loss_closing.eur()))
        .number("tax_eur", "EUR", period(|p| p.tax.eur()))
        .number("refresh_eur", "EUR", period(|p| p.replacement.eur()))
        .number("residual_eur", "EUR", period(|p| p.residual.eur()))
        .number("cfads_eur", "EUR", period(|p| p.cfads.eur()))
        .number("debt_opening_eur", "EUR", period(|p| p.debt_opening.eur()))
        .number("interest_eur", "EUR", period(|p| p.interest.eur()))
        .number("principal_eur", "EUR", period(|p| p.principal.eur()))
        .number("debt_service_eur", "EUR", period(|p| p.debt_service.eur()))
        .number("debt_closing_eur", "EUR", period(|p| p.debt_closing.eur()))
        .number("public_loan_service_eur", "EUR", period(|p| p.loan_service.eur()))
        .number("public_loan_closing_eur", "EUR", period(|p| p.loan_closing.eur()))
        .number("reserve_eur", "EUR", period(|p| p.reserve.eur()))
        .number("reserve_interest_eur", "EUR", period(|p| p.reserve_interest.eur()))
        .number("fixed_assets_eur", "EUR", books(|b| b.fixed_assets.eur()))
        .number("paid_in_capital_eur", "EUR", books(|b| b.capital.eur()))
        .number("retained_eur", "EUR", books(|b| b.retained.eur()))
        .number("equity_flow_eur", "EUR", all.iter().map(|m| m.1.equity()))
        .number("project_flow_eur", "EUR", all.iter().map(|m| m.1.project()))
}

fn costs(site: &SiteFinance) -> Table {
    let rows: Vec<(usize, &str, bool, f64)> = capex(site)
        .iter()
        .flat_map(|(item, each, _)| {
            each.iter()
                .enumerate()
                .map(|(i, m)| (i, item.label(), item.is_computing(), *m))
                .collect::<Vec<_>>()
        })
        .collect();
    Table::new()
        .text("phase", rows.iter().map(|r| site.phases.get(r.0).map_or("", |p| p.name.as_str())))
        .text("item", rows.iter().map(|r| r.1))
        .text("counts_as_computing", rows.iter().map(|r| if r.2 { "yes" } else { "no" }))
        .number("eur", "EUR", rows.iter().map(|r| r.3))
}

fn forms(site: &SiteFinance) -> Table {
    let rows: Vec<_> =
        site.forms.iter().flat_map(|c| c.figures.iter().map(move |f| (c.core.form.word(), f))).collect();
    Table::new()
        .text("form", rows.iter().map(|r| r.0))
        .text("figure", rows.iter().map(|r| r.1.def.id))
        .number("value", "1", rows.iter().map(|r| r.1.value))
        .number("p10", "1", rows.iter().map(|r| r.1.band.map(|b| b.p10)))
        .number("p50", "1", rows.iter().map(|r| r.1.band.map(|b| b.p50)))
        .number("p90", "1", rows.iter().map(|r| r.1.band.map(|b| b.p90)))
}
