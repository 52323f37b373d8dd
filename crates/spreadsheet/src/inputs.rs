//! Named inputs and the paths of prices, costs and use.

use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::{
    Compounding, ConstructionInterest, GearingBase, LossRule, Plan, Profile, PurchasePrice, RatioBasis,
};
use rust_xlsxwriter::{Workbook, XlsxError};

use crate::months::Frame;
use crate::sheet::{bold, entered, faint, formula, heading, letters, number};
use crate::{About, Cells};

pub(crate) struct Input {
    name: String,
    label: String,
    unit: &'static str,
    value: f64,
    /// Where it follows from other inputs.
    formula: Option<String>,
}

/// A column of factors by year.
pub(crate) struct Path {
    pub name: String,
    label: String,
    factors: Vec<f64>,
    /// Yearly growth where the path is one, by the name of its input.
    growth: Option<String>,
}

pub(crate) struct Inputs {
    pub list: Vec<Input>,
    pub paths: Vec<Path>,
}

impl Inputs {
    fn put(&mut self, name: &str, label: &str, unit: &'static str, value: f64) {
        self.list.push(Input { name: name.to_owned(), label: label.to_owned(), unit, value, formula: None });
    }

    fn derive(&mut self, name: &str, label: &str, unit: &'static str, formula: &str, value: f64) {
        self.put(name, label, unit, value);
        if let Some(last) = self.list.last_mut() {
            last.formula = Some(formula.to_owned());
        }
    }

    fn path(&mut self, name: &str, label: &str, path: &YearPath, first: i32, years: i32) {
        let growth = match path {
            YearPath::Growth(g) => {
                let input = format!("growth_{name}");
                self.put(&input, &format!("{label}: change per year"), "share", g.per_year());
                Some(input)
            }
            YearPath::Factors(_) => None,
        };
        self.paths.push(Path {
            name: format!("path_{name}"),
            label: label.to_owned(),
            factors: (first..first + years).map(|y| path.factor(y)).collect(),
            growth,
        });
    }

    /// All inputs of a plan.
    pub fn of(plan: &Plan, frame: &Frame) -> Inputs {
        let mut i = Inputs { list: Vec::new(), paths: Vec::new() };
        let flag = |b: bool| f64::from(u8::from(b));
        i.put("start_date", "First day of the first month", "date", frame.start_serial);
        i.put("first_point", "First month with an outlay", "month", f64::from(frame.first_point));
        i.put("last_point", "Last month of operation", "month", f64::from(frame.last_point));
        i.put("first_opening", "First opening", "month", f64::from(frame.opening));
        i.put("price_month", "Month of the stated prices", "month", f64::from(plan.price_month));
        i.put(
            "path_first_year",
            "First year of the paths, from the month of prices",
            "count",
            f64::from(frame.first_year),
        );
        for (n, p) in plan.phases.iter().enumerate() {
            let name = |key: &str| format!("phase{}_{key}", n + 1);
            let label = |text: &str| format!("Phase {}: {text}", n + 1);
            let months = |x: u32| f64::from(x);
            i.put(&name("computing"), &label("computing infrastructure"), "EUR", p.computing.eur());
            i.put(&name("facility"), &label("everything else"), "EUR", p.facility.eur());
            i.put(&name("grant"), &label("public grant"), "EUR", p.public.grant.eur());
            i.put(
                &name("public_share"),
                &label("public share of the hours"),
                "share",
                p.public.share_of_hours.fraction(),
            );
            i.put(
                &name("share_months"),
                &label("months for which it holds"),
                "month",
                months(p.public.share_months),
            );
            i.put(&name("purchase"), &label("public purchase of hours"), "EUR", p.public.purchase.eur());
            i.put(
                &name("purchase_months"),
                &label("months over which it is paid"),
                "month",
                months(p.public.purchase_months),
            );
            if let Some(PurchasePrice::Fixed(price)) = p.public.price {
                i.put(&name("purchase_price"), &label("agreed price"), "EUR/h", price.eur_per_h());
            }
            i.put(
                &name("build_start"),
                &label("point after which building starts"),
                "month",
                months(p.build_start),
            );
            i.put(&name("build_months"), &label("months of building"), "month", months(p.build_months));
            if let DrawCurve::Logistic { steepness, midpoint } = p.draw {
                i.put(&name("steepness"), &label("slope of the spending curve"), "1", steepness);
                i.put(&name("midpoint"), &label("where spending is fastest"), "share", midpoint);
                let s = |t: f64| 1.0 / (1.0 + (-steepness * (t - midpoint)).exp());
                let (k, m) = (name("steepness"), name("midpoint"));
                i.derive(
                    &name("curve_zero"),
                    &label("curve at the start"),
                    "1",
                    &format!("1/(1+EXP({k}*{m}))"),
                    s(0.0),
                );
                i.derive(
                    &name("curve_one"),
                    &label("curve at the end"),
                    "1",
                    &format!("1/(1+EXP(-{k}*(1-{m})))"),
                    s(1.0),
                );
            }
            i.put(&name("opens"), &label("opening"), "month", months(p.opens));
            i.put(
                &name("sells_months"),
                &label("months in which hours are sold"),
                "month",
                months(p.sells_months),
            );
            i.put(&name("hours_per_year"), &label("accelerator-hours of a full year"), "h", p.hours_per_year);
            i.put(&name("h100e"), &label("H100-equivalents per accelerator"), "1", p.h100e_per_accelerator);
            for (key, text, m) in [
                ("energy", "energy of a full year", p.opex.energy),
                ("maintenance", "maintenance of a full year", p.opex.maintenance),
                ("staff", "staff of a full year", p.opex.staff),
                ("insurance", "insurance of a full year", p.opex.insurance),
                ("site", "site of a full year", p.opex.site),
                ("software", "software of a full year", p.opex.software),
            ] {
                i.put(&name(key), &label(text), "EUR", m.eur());
            }
            i.put(
                &name("computing_life"),
                &label("months of depreciation, computing"),
                "month",
                months(p.computing_life),
            );
            i.put(
                &name("facility_life"),
                &label("months of depreciation, everything else"),
                "month",
                months(p.facility_life),
            );
            i.put(
                &name("depreciation_lag"),
                &label("months until depreciation starts"),
                "month",
                months(p.depreciation_lag),
            );
            i.put(
                &name("residual_computing"),
                &label("value of computing at the end"),
                "share",
                p.residual_computing.fraction(),
            );
            i.put(
                &name("residual_facility"),
                &label("value of everything else at the end"),
                "share",
                p.residual_facility.fraction(),
            );
        }
        for (n, r) in plan.replacements.iter().enumerate() {
            let name = |key: &str| format!("refresh{}_{key}", n + 1);
            let label = |text: &str| format!("Refresh {}: {text}", n + 1);
            i.put(&name("month"), &label("point"), "month", f64::from(r.month));
            i.put(&name("cost"), &label("price net of trade-in"), "EUR", r.cost.eur());
            i.put(&name("life"), &label("months of depreciation"), "month", f64::from(r.life));
            i.put(&name("residual"), &label("value at the end"), "share", r.residual.fraction());
        }
        for (n, c) in plan.contracts.iter().enumerate() {
            let name = |key: &str| format!("contract{}_{key}", n + 1);
            let label = |text: &str| format!("Contract {}: {text}", n + 1);
            i.put(&name("share"), &label("share of the hours, taken or not"), "share", c.share.fraction());
            i.put(&name("price"), &label("price"), "EUR/h", c.price.eur_per_h());
            i.put(&name("from"), &label("first point"), "month", f64::from(c.from));
            i.put(&name("until"), &label("last point"), "month", f64::from(c.until));
            i.path(&format!("contract{}", n + 1), &label("price"), &c.path, frame.first_year, frame.years);
        }
        i.put("market_price", "Market price of an accelerator-hour", "EUR/h", plan.market_price.eur_per_h());
        i.path("market", "Market price", &plan.market_path, frame.first_year, frame.years);
        i.path("energy", "Energy cost", &plan.energy_path, frame.first_year, frame.years);
        i.path("cost", "Other running cost", &plan.cost_path, frame.first_year, frame.years);
        for (n, p) in plan.phases.iter().enumerate() {
            i.path(
                &format!("use{}", n + 1),
                &format!("Phase {}: use of open hours, by year of operation", n + 1),
                &p.utilisation,
                0,
                frame.years,
            );
        }
        let d = &plan.debt;
        i.put("debt_rate", "Senior debt: interest per year", "share", d.rate.fraction());
        let nominal = d.compounding == Compounding::Nominal;
        i.put(
            "debt_nominal",
            "1: rate of a month is a twelfth, 0: it compounds to the yearly rate",
            "flag",
            flag(nominal),
        );
        i.derive(
            "debt_month_rate",
            "rate of a month",
            "1",
            "IF(debt_nominal=1,debt_rate/12,(1+debt_rate)^(1/12)-1)",
            month_rate(d.rate.fraction(), nominal),
        );
        i.put("debt_tenor", "months of repayment", "month", f64::from(d.tenor_months));
        i.derive(
            "debt_periods",
            "of them within operation",
            "month",
            "MIN(debt_tenor,last_point-first_opening)",
            frame.periods(d.tenor_months),
        );
        i.put(
            "debt_sculpted",
            "1: payments follow cash flow, 0: level",
            "flag",
            flag(d.profile == Profile::Sculpted),
        );
        i.put(
            "debt_cover_asked",
            "cover ratio that lenders ask for; 0 for none",
            "1",
            d.target_dscr.unwrap_or(0.0),
        );
        i.put("debt_gearing_cap", "largest debt as a share of its base", "share", d.gearing_cap.fraction());
        i.put(
            "debt_base_financing",
            "1: the base includes the cost of financing",
            "flag",
            flag(d.gearing_base == GearingBase::InvestmentAndFinancing),
        );
        i.put("debt_fee", "fee at signature", "share", d.upfront_fee.fraction());
        i.put(
            "debt_weight_building",
            "part of a month for which a draw bears interest, building",
            "1",
            d.draw_weight_building,
        );
        i.put(
            "debt_weight_operating",
            "part of a month for which a draw bears interest, operating",
            "1",
            d.draw_weight_operating,
        );
        i.put(
            "debt_capitalised",
            "1: interest before opening is added to the debt, 0: paid by shareholders",
            "flag",
            flag(d.construction_interest == ConstructionInterest::Capitalised),
        );
        i.put(
            "ratio_after_tax",
            "1: cover ratios after tax",
            "flag",
            flag(d.ratio_basis == RatioBasis::AfterTax),
        );
        let loan = plan.public_loan;
        i.put("loan_asked", "Public loan: amount", "EUR", loan.map_or(0.0, |l| l.amount.eur()));
        let loan_rate = loan.map_or(0.0, |l| l.rate.fraction());
        i.put("loan_rate", "interest per year", "share", loan_rate);
        i.derive(
            "loan_month_rate",
            "rate of a month",
            "1",
            "IF(debt_nominal=1,loan_rate/12,(1+loan_rate)^(1/12)-1)",
            month_rate(loan_rate, nominal),
        );
        let tenor = loan.map_or(1, |l| l.tenor_months);
        i.put("loan_tenor", "months of repayment", "month", f64::from(tenor));
        i.derive(
            "loan_periods",
            "of them within operation",
            "month",
            "MIN(loan_tenor,last_point-first_opening)",
            frame.periods(tenor),
        );
        i.put("other_financing", "Advisers, hedging", "EUR", plan.other_financing.eur());
        i.put("reserve_months", "Debt service reserve: months of service held", "1", plan.reserve.months);
        i.put("reserve_rate", "interest per year on it", "share", plan.reserve.interest.fraction());
        i.put("tax_rate", "Tax on profits", "share", plan.tax.rate.fraction());
        let (at_once, usable) = match plan.tax.losses {
            LossRule::Immediate => (true, 0.0),
            LossRule::CarriedForward { share } => (false, share.fraction()),
        };
        i.put("tax_at_once", "1: losses are used at once, 0: carried forward", "flag", flag(at_once));
        i.put("tax_usable_losses", "share of a profit that old losses may lower", "share", usable);
        i.put(
            "tax_financing",
            "1: advisers are depreciated with the first computing infrastructure",
            "flag",
            flag(plan.tax.depreciate_financing),
        );
        i.put("project_rate", "Discount rate of the project", "share", plan.project_rate.fraction());
        i.put("equity_rate", "Return that shareholders ask for", "share", plan.equity_rate.fraction());
        i
    }

    pub fn write(&self, book: &mut Workbook, about: &About, written: &mut Cells) -> Result<(), XlsxError> {
        let sheet = book.add_worksheet().set_name("Inputs")?;
        sheet.set_freeze_panes(1, 0)?;
        for (c, (title, width)) in [
            ("input", 52.0),
            ("name", 26.0),
            ("value", 18.0),
            ("unit", 8.0),
            ("in the factory file", 34.0),
            ("source", 60.0),
        ]
        .into_iter()
        .enumerate()
        {
            sheet.set_column_width(c as u16, width)?;
            sheet.write_with_format(0, c as u16, title, &heading())?;
        }
        for (n, input) in self.list.iter().enumerate() {
            let row = 1 + n as u32;
            sheet.write(row, 0, input.label.as_str())?;
            sheet.write_with_format(row, 1, input.name.as_str(), &faint())?;
            match &input.formula {
                Some(text) => {
                    formula(sheet, (row, 2), &format!("={text}"), input.value, &number(input.unit), written)?
                }
                None => {
                    sheet.write_with_format(row, 2, input.value, &entered(input.unit))?;
                }
            }
            sheet.write_with_format(row, 3, input.unit, &faint())?;
            if let Some([_, path, source]) = about.sources.iter().find(|s| s[0] == input.name) {
                sheet.write_with_format(row, 4, path.as_str(), &faint())?;
                sheet.write_with_format(row, 5, source.as_str(), &faint())?;
            }
        }
        for (n, input) in self.list.iter().enumerate() {
            book.define_name(input.name.as_str(), &format!("=Inputs!$C${}", n + 2))?;
        }
        self.write_paths(book, written)
    }

    fn write_paths(&self, book: &mut Workbook, written: &mut Cells) -> Result<(), XlsxError> {
        let years = self.paths.iter().map(|p| p.factors.len()).max().unwrap_or(0);
        let sheet = book.add_worksheet().set_name("Paths")?;
        sheet.set_row_height(1, 48)?;
        sheet.write_with_format(
            0,
            0,
            "Factors by year from the month of prices; use by year of operation from 0",
            &bold(),
        )?;
        sheet.write_with_format(1, 0, "place in the path", &heading())?;
        for y in 0..years {
            sheet.write(2 + y as u32, 0, y as f64)?;
        }
        for (n, path) in self.paths.iter().enumerate() {
            let column = 1 + n as u16;
            sheet.set_column_width(column, 16)?;
            sheet.write_with_format(1, column, path.label.as_str(), &heading())?;
            for (y, factor) in path.factors.iter().enumerate() {
                let row = 2 + y as u32;
                match &path.growth {
                    Some(g) => {
                        let year = if path.name.starts_with("path_use") {
                            String::new()
                        } else {
                            "+path_first_year".to_owned()
                        };
                        let text = format!("=(1+{g})^($A{}{year})", row + 1);
                        formula(sheet, (row, column), &text, *factor, &number("1"), written)?;
                    }
                    None => {
                        sheet.write_with_format(row, column, *factor, &entered("1"))?;
                    }
                }
            }
        }
        for (n, path) in self.paths.iter().enumerate() {
            let c = letters(1 + n as u16);
            book.define_name(path.name.as_str(), &format!("=Paths!${c}$3:${c}${}", 2 + path.factors.len()))?;
        }
        Ok(())
    }
}

impl Path {
    /// The factor at a place; the last one holds on.
    pub fn at(&self, place: usize) -> Option<f64> {
        self.factors.get(place.min(self.factors.len().saturating_sub(1))).copied()
    }
}

pub(crate) fn month_rate(rate: f64, nominal: bool) -> f64 {
    if nominal { rate / 12.0 } else { (rate.ln_1p() / 12.0).exp_m1() }
}
