//! The money of a site on a page.

use gigatwin_factory::finance::{Case, Figure, Form, RISKS, SiteFinance, bearers};
use gigatwin_factory::outcome::Band;
use gigatwin_quantity::Dim;

use super::Finding;
use super::tables::{capex, drawn, sources_and_uses, years};
use crate::console::bold;
use crate::context::Context;
use crate::figure_text::Figures;
use crate::layout::{PAGE, Side, flow, table, wrap};

/// Writes figures as this page does.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a>(pub Figures<'a>);

impl Pen<'_> {
    pub fn million(self, eur: f64) -> String {
        if eur.abs() < 5e3 {
            "–".to_owned()
        } else {
            self.0.decimal(eur / 1e6, if eur.abs() < 1e8 { 1 } else { 0 })
        }
    }

    pub fn some(self, dim: Dim, value: Option<f64>) -> String {
        value.map_or_else(|| self.0.missing().to_owned(), |v| self.value(dim, v))
    }

    pub fn value(self, dim: Dim, v: f64) -> String {
        match dim {
            Dim::Share => format!("{} %", self.0.decimal(100.0 * v, 1)),
            Dim::Ratio if v.abs() >= 0.01 => self.0.decimal(v, 2),
            Dim::Count => self.0.decimal(v / 1e6, 1) + " M",
            _ => self.0.value(dim, v),
        }
    }

    pub fn irr(self, value: Option<f64>) -> String {
        self.some(Dim::Share, value)
    }

    /// In per cent, without the sign: the column says it.
    pub fn percent(self, value: Option<f64>) -> String {
        value.map_or_else(|| self.0.missing().to_owned(), |v| self.0.decimal(100.0 * v, 1))
    }

    pub fn band(self, dim: Dim, band: Option<Band>) -> [String; 2] {
        band.map_or([String::new(), String::new()], |b| [self.value(dim, b.p10), self.value(dim, b.p90)])
    }

    pub fn figure(self, f: &Figure) -> String {
        self.some(f.def.dim, f.value)
    }
}

fn heading(text: &str, colour: bool) -> String {
    format!("\n{}\n", bold(text, colour))
}

fn strings<const N: usize>(row: [&str; N]) -> Vec<String> {
    row.map(str::to_owned).to_vec()
}

fn sides(left: usize, right: usize) -> Vec<Side> {
    let mut out = vec![Side::Left; left];
    out.extend(vec![Side::Right; right]);
    out
}

pub(super) fn text(context: &Context, site: &SiteFinance, found: &[Finding]) -> String {
    let colour = context.console.out_colour;
    let pen = Pen(context.figures());
    let hash: String = site.stamp.inputs_sha256.chars().take(8).collect();
    let rows = site.base.work.periods();
    let (first, last) = (
        site.base.work.outlays().first().map(|o| o.date.month_text()).unwrap_or_default(),
        rows.last().map(|r| r.date.month_text()).unwrap_or_default(),
    );
    let mut out = String::new();
    let title = [
        site.name.clone(),
        format!("{}, {}", site.place, site.country),
        format!("gigatwin {}", site.stamp.version),
        format!("seed {}", site.stamp.seed),
        format!("inputs {hash}"),
    ];
    for line in flow(&title, PAGE) {
        out.push_str(&format!("{}\n", bold(&line, colour)));
    }
    for line in wrap(
        &format!(
            "Prices are stated in EUR of {}; the cash flow is in money of the day ({} % inflation a year), month by month \
             from {first} to {last}. Public money: {}.",
            site.price_year,
            pen.0.decimal(100.0 * site.inflation, 1),
            site.base.core.form.word()
        ),
        PAGE,
    ) {
        out.push_str(&format!("{line}\n"));
    }
    out.push_str(&verdict(pen, site, found));
    out.push_str(&heading("Figures", colour));
    out.push_str(&figures(pen, site));
    out.push_str(&heading(&format!("Investment, EUR m of {}", site.price_year), colour));
    out.push_str(&investment(pen, site));
    out.push_str(&heading("Uses and sources until all is built, EUR m", colour));
    out.push_str(&funding(pen, &site.base));
    out.push_str(&heading("Cash flow by calendar year, EUR m of the day", colour));
    out.push_str(&cash_flow(pen, &site.base));
    out.push_str(&heading(
        "Market price of an accelerator-hour in the year from July, EUR of the day",
        colour,
    ));
    out.push_str(&prices(pen, site));
    out.push_str(&heading("Public money for the same value in each legal form", colour));
    out.push_str(&forms(pen, site));
    out.push_str(&heading("Who bears which risk", colour));
    out.push_str(&risks(site));
    if !site.futures.is_empty() {
        out.push_str(&heading("If the money for later phases does not come", colour));
        out.push_str(&futures(pen, site));
    }
    out.push_str(&heading(
        "The same investment under each rule set (if every phase is funded), EUR m",
        colour,
    ));
    out.push_str(&rule_sets(pen, site));
    if !site.matters.is_empty() {
        out.push_str(&heading(
            "What moves the equity value most, each input from its P10 to its P90",
            colour,
        ));
        out.push_str(&matters(pen, site));
    }
    out.push('\n');
    for line in wrap(
        &format!(
            "P10 and P90 over {} draws of every range; {} of {} inputs are at their default. Prices and costs are not \
             validated by measurements: the engine is, against reference cases (gigatwin validate finance).",
            site.draws, site.at_default.0, site.at_default.1
        ),
        PAGE,
    ) {
        out.push_str(&format!("{line}\n"));
    }
    out
}

/// What must be said first.
pub(super) fn verdict_lines(pen: Pen<'_>, site: &SiteFinance, found: &[Finding]) -> Vec<String> {
    let o = &site.base.core.outcome;
    let mut lines: Vec<String> =
        found.iter().map(|f| format!("{}: {}; {}", f.code, f.message, f.hint)).collect();
    if o.shortfall.is_none() && o.debt.amount.eur() > 0.0 {
        let by = match o.debt.binding {
            gigatwin_finance::outcome::Binding::CoverRatio => "the cover ratio bounds the debt",
            _ => "the gearing limit bounds the debt",
        };
        lines.push(format!("debt is served in every month; {by}"));
    }
    if let Some(date) = o.first_call {
        lines.push(format!(
            "shareholders pay in EUR {} m after opening, first in {}",
            pen.million(o.calls.eur()),
            date.month_text()
        ));
    }
    if let Some(p) = site.debt_served {
        lines.push(format!(
            "in {} % of the draws debt is served from cash and reserve",
            pen.0.decimal(100.0 * p, 0)
        ));
    }
    if let Some(p) = site.required_reached {
        lines.push(format!(
            "in {} % of the draws shareholders reach the {} % they ask for",
            pen.0.decimal(100.0 * p, 0),
            pen.0.decimal(100.0 * site.required, 0)
        ));
    }
    lines
}

fn verdict(pen: Pen<'_>, site: &SiteFinance, found: &[Finding]) -> String {
    let mut out = String::from("\n");
    for text in verdict_lines(pen, site, found) {
        for (i, line) in wrap(&text, PAGE - 4).iter().enumerate() {
            out.push_str(&format!("  {} {line}\n", if i == 0 { "·" } else { " " }));
        }
    }
    out
}

fn figures(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut rows = vec![strings(["", "base case", "P10", "P90"])];
    for f in &site.base.figures {
        let [low, high] = pen.band(f.def.dim, f.band);
        rows.push(vec![f.def.label.to_owned(), pen.figure(f), low, high]);
    }
    table(&sides(1, 3), &rows)
}

fn investment(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut head = vec![String::new()];
    head.extend(site.phases.iter().map(|p| p.name.clone()));
    head.extend(strings(["all", "share", "Union base"]));
    let total: f64 = site.phases.iter().map(|p| p.capex.total.eur()).sum();
    let mut rows = vec![head];
    for (item, each, sum) in capex(site) {
        if sum == 0.0 {
            continue;
        }
        let mut row = vec![item.label().to_owned()];
        row.extend(each.iter().map(|x| pen.million(*x)));
        row.push(pen.million(sum));
        row.push(format!("{} %", pen.0.decimal(100.0 * sum / total, 1)));
        row.push(if item.is_computing() { "counts" } else { "no" }.to_owned());
        rows.push(row);
    }
    let mut row = vec!["all".to_owned()];
    row.extend(site.phases.iter().map(|p| pen.million(p.capex.total.eur())));
    row.extend([pen.million(total), "100 %".to_owned(), String::new()]);
    rows.push(row);
    let mut row = vec!["opens".to_owned()];
    row.extend(site.phases.iter().map(|p| p.opens.month_text()));
    rows.push(row);
    let mut out = table(&sides(1, 3 + site.phases.len()), &rows);
    let curve: Vec<String> = drawn(&site.base)
        .iter()
        .map(|(half, x)| format!("{half} {} %", pen.0.decimal(100.0 * x, 0)))
        .collect();
    for (i, line) in flow(&curve, PAGE - 10).iter().enumerate() {
        out.push_str(&format!("  {:7} {line}\n", if i == 0 { "spent by" } else { "" }));
    }
    out
}

fn funding(pen: Pen<'_>, case: &Case) -> String {
    let [uses, sources] = sources_and_uses(case);
    let sum = |side: &[(&str, f64)]| side.iter().map(|x| x.1).sum::<f64>();
    let mut rows = vec![strings(["uses", "", "sources", "", "share"])];
    let all = sum(&uses);
    for i in 0..uses.len().max(sources.len()) {
        let cell = |side: &[(&str, f64)]| {
            side.get(i).map_or([String::new(), String::new()], |x| [x.0.to_owned(), pen.million(x.1)])
        };
        let [a, b] = cell(&uses);
        let [c, d] = cell(&sources);
        let share =
            sources.get(i).map_or(String::new(), |x| format!("{} %", pen.0.decimal(100.0 * x.1 / all, 0)));
        rows.push(vec![a, b, c, d, share]);
    }
    rows.push(vec![
        "all".to_owned(),
        pen.million(all),
        "all".to_owned(),
        pen.million(sum(&sources)),
        String::new(),
    ]);
    table(&[Side::Left, Side::Right, Side::Left, Side::Right, Side::Right], &rows)
}

fn cash_flow(pen: Pen<'_>, case: &Case) -> String {
    let mut rows = vec![strings([
        "year", "build", "public", "contr.", "market", "run", "tax", "service", "cover", "equity",
    ])];
    for y in years(case) {
        rows.push(vec![
            y.year.to_string(),
            pen.million(-y.spend - y.refresh),
            pen.million(y.public),
            pen.million(y.contracted),
            pen.million(y.merchant),
            pen.million(-y.opex),
            pen.million(-y.tax),
            pen.million(-y.service),
            y.cover().map_or_else(String::new, |c| pen.0.decimal(c, 2)),
            pen.million(y.equity),
        ]);
    }
    table(&sides(1, 9), &rows)
}

fn prices(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut rows = vec![strings(["", "base", "P10", "P50", "P90"])];
    for p in &site.prices {
        let mut row = vec![p.year.to_string(), pen.0.decimal(p.base, 2)];
        match p.band {
            Some(b) => row.extend([b.p10, b.p50, b.p90].map(|x| pen.0.decimal(x, 2))),
            None => row.extend([String::new(), String::new(), String::new()]),
        }
        rows.push(row);
    }
    table(&sides(1, 4), &rows)
}

/// Hours of a class per thousand euros paid.
pub(super) fn per_thousand(case: &Case, hours: f64) -> Option<f64> {
    let paid = case.core.subsidy.paid.eur();
    (paid > 0.0).then(|| 1e3 * hours / paid)
}

fn forms(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut rows =
        vec![strings(["form", "paid", "subs.", "return", "P10", "P90", "price", "use", "late", "h/kEUR"])];
    rows.push(strings(["", "EUR m", "equiv.", "%", "%", "%", "-30 %", "-20 %", "+1 a", ""]));
    for case in &site.forms {
        let own = if case.core.form == site.base.core.form { "*" } else { "" };
        let irr = case.figure("finance.irr_equity");
        let [low, high] = irr
            .and_then(|f| f.band)
            .map_or([String::new(), String::new()], |b| [pen.percent(Some(b.p10)), pen.percent(Some(b.p90))]);
        let [price, used, late] = case.stress.map(|s| pen.percent(s));
        rows.push(vec![
            format!("{}{own}", case.core.form.word()),
            pen.million(case.core.subsidy.paid.eur()),
            pen.million(case.core.subsidy.equivalent().eur()),
            pen.percent(irr.and_then(|f| f.value)),
            low,
            high,
            price,
            used,
            late,
            per_thousand(case, case.core.subsidy.hours)
                .filter(|h| *h > 0.0)
                .map_or_else(|| "–".to_owned(), |h| pen.0.decimal(h, 0)),
        ]);
    }
    let mut out = table(&sides(1, 9), &rows);
    let mut notes = vec!["* the form of the file. Subsidy equivalent: present value of what the public side pays less what comes back in \
                          money and in hours at their market price, at the rate of the market."
        .to_owned()];
    for case in &site.forms {
        if let Some((share, most)) = case.core.guaranteed {
            notes.push(format!(
                "guarantee: covers {} % of the senior debt; at most EUR {} m can be called.",
                pen.0.decimal(share.percent(), 0),
                pen.million(most.eur())
            ));
        }
    }
    let classed =
        site.forms.iter().find(|c| c.core.form == site.base.core.form && !c.core.classes.is_empty());
    let classed = classed.or_else(|| {
        site.forms
            .iter()
            .find(|c| c.core.form == Form::Paid(gigatwin_finance::funding::PublicForm::CapitalShare))
    });
    if let Some(case) = classed {
        let each: Vec<String> = case
            .core
            .classes
            .iter()
            .filter_map(|(c, h)| Some(format!("{c} {}", pen.0.decimal(per_thousand(case, *h)?, 0))))
            .collect();
        if !each.is_empty() {
            notes.push(format!(
                "Hours per 1000 EUR by class of users ({}): {}.",
                case.core.form.word(),
                each.join(", ")
            ));
        }
    }
    for note in notes {
        for line in wrap(&note, PAGE - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

fn risks(site: &SiteFinance) -> String {
    let mut out = String::new();
    let own = site.base.core.form;
    let mut order: Vec<Form> = site.forms.iter().map(|c| c.core.form).collect();
    order.sort_by_key(|f| *f != own);
    for form in order {
        let words = bearers(form);
        let text = if words.iter().all(|w| *w == words[0]) {
            format!("all {}", words[0])
        } else {
            RISKS.iter().zip(words).map(|(r, w)| format!("{r}: {w}")).collect::<Vec<_>>().join("; ")
        };
        for (i, line) in wrap(&text, PAGE - 18).iter().enumerate() {
            out.push_str(&format!("  {:14}  {line}\n", if i == 0 { form.word() } else { "" }));
        }
    }
    out
}

fn futures(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut rows = vec![strings(["", "public", "debt", "return", "value", "cover", "M h"])];
    for f in &site.futures {
        rows.push(vec![
            f.short.to_owned(),
            pen.million(f.public.eur()),
            pen.million(f.debt.eur()),
            pen.irr(f.irr_equity),
            pen.million(f.npv_equity.eur()),
            pen.some(Dim::Ratio, f.dscr_min),
            pen.0.decimal(f.public_hours / 1e6, 0),
        ]);
    }
    table(&sides(1, 6), &rows)
}

fn rule_sets(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut rows = vec![strings(["rule set", "Union at most", "Union", "States", "private", "of all"])];
    for r in &site.rule_sets {
        let most = match (r.union_share_max, r.public_share_max) {
            (Some(u), _) => {
                let cap = match r.caps {
                    [Some(a), Some(b)] => {
                        format!(", {}+{} m", pen.0.decimal(a.million(), 0), pen.0.decimal(b.million(), 0))
                    }
                    _ => String::new(),
                };
                format!("{} % comp.{cap}", pen.0.decimal(u.percent(), 0))
            }
            (None, Some(p)) => format!("{} % of all", pen.0.decimal(p.percent(), 0)),
            _ => String::new(),
        };
        let full = &r.funding.full;
        let mark = if site.rules.contains(&r.id) { "*" } else { "" };
        rows.push(vec![
            format!("{}{mark}", r.id),
            most,
            pen.million(full.union.eur()),
            pen.million(full.states.eur()),
            pen.million(full.private.eur()),
            r.funding
                .public_share()
                .map_or_else(String::new, |s| format!("{} %", pen.0.decimal(s.percent(), 0))),
        ]);
    }
    let mut out = table(&[Side::Left, Side::Left, Side::Right, Side::Right, Side::Right, Side::Right], &rows);
    let mut note = "* of the file. \"comp.\": of the computing infrastructure, marked above; shell, land and power never count under the \
                    Regulation. Ownership or access lasts five years or more."
        .to_owned();
    if site.earlier_support.eur() > 0.0 {
        note.push_str(&format!(
            " EUR {} m of earlier support is counted.",
            pen.million(site.earlier_support.eur())
        ));
    }
    for line in wrap(&note, PAGE - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn matters(pen: Pen<'_>, site: &SiteFinance) -> String {
    let mut rows = vec![strings(["input", "P10 to P90", "value, EUR m", "equity return"])];
    for m in &site.matters {
        rows.push(vec![
            m.path.clone(),
            pen.0.range(m.dim, "", m.input.0, m.input.1),
            format!("{} to {}", pen.million(m.npv.0), pen.million(m.npv.1)),
            format!("{} to {}", pen.irr(m.irr.0), pen.irr(m.irr.1)),
        ]);
    }
    table(&sides(1, 3), &rows)
}
