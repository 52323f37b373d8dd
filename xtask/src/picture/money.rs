//! Money: what it costs to build and who pays, two bars on one scale.

use gigatwin_quantity::{Dim, show};

use super::numbers::Numbers;
use super::svg::{Svg, colour, width_of_bold};
use super::{MARGIN, WIDTH};
use crate::fault::Fault;

const BAR: f64 = 30.0;
const DARK_INK: &str = "#111111";
const LIGHT_INK: &str = "#ffffff";

/// A part of a bar: its name, colour, colour of the text on it, and the figures that it sums.
struct Part(&'static str, &'static str, &'static str, &'static [&'static str]);

const COSTS: &[Part] = &[
    Part("Systems", colour::BLUE, LIGHT_INK, &["cost.systems"]),
    Part("Network", colour::SKY, DARK_INK, &["cost.network"]),
    Part("Storage", colour::GREEN, DARK_INK, &["cost.storage"]),
    Part("Installation", colour::PURPLE, DARK_INK, &["cost.installation"]),
    Part("Building, power, cooling", colour::ORANGE, DARK_INK, &["cost.shell_and_plant"]),
    Part(
        "Grid, land, backup",
        colour::VERMILION,
        DARK_INK,
        &["cost.grid_connection", "cost.land", "cost.backup_and_battery"],
    ),
    Part("Contingency", colour::YELLOW, DARK_INK, &["cost.contingency"]),
];

const PAYERS: &[Part] = &[
    Part("Union", colour::BLUE, LIGHT_INK, &["funding.union"]),
    Part("Member States", colour::SKY, DARK_INK, &["funding.states"]),
    Part("Debt", colour::ORANGE, DARK_INK, &["funding.debt"]),
    Part("Equity", colour::GREEN, DARK_INK, &["funding.equity"]),
];

/// What it costs until the first hour is sold, beyond what is built.
const FINANCING: &[&str] = &["funding.financing_cost"];

/// Draws both below `top`.
pub fn draw(svg: &mut Svg, n: &Numbers<'_>, top: f64) -> Result<(), Fault> {
    let mut costs = parts(n, COSTS)?;
    costs.push(Amount::new(n, "Interest, fees, reserve", svg.theme.grey, DARK_INK, FINANCING)?);
    let payers = parts(n, PAYERS)?;
    let total = |amounts: &[Amount]| amounts.iter().map(|a| a.euros).sum::<f64>();
    let scale = (WIDTH - 2.0 * MARGIN) / total(&costs).max(total(&payers));

    let more = format!("and {} to finance it until it opens", n.value(FINANCING[0])?);
    let build = format!("{} to build", n.value("cost.capex_total")?);
    title(svg, top, &build, &n.bracket("cost.capex_total")?, &more);
    let second = bar(svg, top + 12.0, scale, &costs) + 36.0;

    let public = format!("{} of the cost to build is public money", n.value("funding.public_share")?);
    title(svg, second, "Who pays", "", &public);
    bar(svg, second + 12.0, scale, &payers);
    Ok(())
}

/// A part with its sum.
struct Amount {
    name: &'static str,
    fill: &'static str,
    ink: &'static str,
    euros: f64,
    money: String,
    bracket: String,
}

impl Amount {
    fn new(
        n: &Numbers<'_>,
        name: &'static str,
        fill: &'static str,
        ink: &'static str,
        ids: &[&str],
    ) -> Result<Amount, Fault> {
        let euros = ids.iter().map(|id| n.base(id)).sum::<Result<f64, Fault>>()?;
        // Ends of bands do not add up: a sum has none.
        let bracket = if let [id] = ids { n.bracket(id)? } else { String::new() };
        Ok(Amount { name, fill, ink, euros, money: show(Dim::Money, euros), bracket })
    }

    /// Whether its bar holds its text.
    fn fits(&self, scale: f64) -> bool {
        width_of_bold(&self.money, 12.0) + 8.0 < self.euros * scale
    }
}

fn parts(n: &Numbers<'_>, parts: &[Part]) -> Result<Vec<Amount>, Fault> {
    parts.iter().map(|Part(name, fill, ink, ids)| Amount::new(n, name, fill, ink, ids)).collect()
}

fn title(svg: &mut Svg, y: f64, value: &str, bracket: &str, right: &str) {
    svg.text(MARGIN, y).size(16.0).bold().write_with(value, bracket);
    svg.text(WIDTH - MARGIN, y).size(11.5).muted().end().write(right);
}

/// One bar with its key below; gives the lower edge.
fn bar(svg: &mut Svg, top: f64, scale: f64, amounts: &[Amount]) -> f64 {
    let mut x = MARGIN;
    for amount in amounts {
        let width = amount.euros * scale;
        // A hair of background between neighbours, so that they part without relying on hue.
        svg.rect([x, top, (width - 1.5).max(0.5), BAR], 1.5, amount.fill, 1.0);
        if amount.fits(scale) {
            svg.text(x + width / 2.0, top + 20.0).bold().middle().fill(amount.ink).write(&amount.money);
        }
        x += width;
    }
    key(svg, top + BAR + 22.0, amounts, scale)
}

/// Names, the amounts that had no room in the bar, and bands; in four columns.
fn key(svg: &mut Svg, top: f64, amounts: &[Amount], scale: f64) -> f64 {
    let column = (WIDTH - 2.0 * MARGIN) / 4.0;
    let mut y = top;
    for (i, amount) in amounts.iter().enumerate() {
        let x = MARGIN + column * (i % 4) as f64;
        y = top + 34.0 * (i / 4) as f64;
        svg.rect([x, y - 9.5, 11.0, 11.0], 2.0, amount.fill, 1.0);
        svg.text(x + 17.0, y).write(amount.name);
        let money = if amount.fits(scale) { "" } else { amount.money.as_str() };
        let second = [money, &amount.bracket].join(" ");
        svg.text(x + 17.0, y + 15.0).size(11.0).muted().write(second.trim());
    }
    y + 15.0
}
