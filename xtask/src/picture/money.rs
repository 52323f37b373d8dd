//! Money: what it costs to build and who pays, two bars on one scale.

use gigatwin_quantity::{Dim, show};

use super::numbers::Numbers;
use super::svg::{Svg, colour, width_of};
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

/// Draws both below `top`.
pub fn draw(svg: &mut Svg, n: &Numbers<'_>, top: f64) -> Result<(), Fault> {
    let costs = amounts(n, COSTS)?;
    let payers = amounts(n, PAYERS)?;
    let total = |parts: &[f64]| parts.iter().sum::<f64>();
    let scale = (WIDTH - 2.0 * MARGIN) / total(&costs).max(total(&payers));
    let build = format!("{} to build", n.value("cost.capex_total")?);
    title(svg, top, &build, &n.bracket("cost.capex_total")?, "");
    let end = bar(svg, top + 12.0, scale, COSTS, &costs);
    let financing = n.base("funding.financing_cost")?;
    let more = format!("with {} of interest, fees and reserves until it opens", show(Dim::Money, financing));
    let paid = format!("{} raised", show(Dim::Money, total(&payers)));
    let public =
        format!("public {} of the investment · {}", show(Dim::Share, n.base("funding.public_share")?), more);
    let second = end + 34.0;
    title(svg, second, &paid, "", &public);
    bar(svg, second + 12.0, scale, PAYERS, &payers);
    Ok(())
}

fn amounts(n: &Numbers<'_>, parts: &[Part]) -> Result<Vec<f64>, Fault> {
    parts.iter().map(|part| part.3.iter().map(|id| n.base(id)).sum()).collect()
}

fn title(svg: &mut Svg, y: f64, value: &str, bracket: &str, right: &str) {
    svg.text(MARGIN, y).size(16.0).bold().write(value);
    svg.text(MARGIN + width_of(value, 16.0) + 12.0, y).size(11.0).muted().write(bracket);
    svg.text(WIDTH - MARGIN, y).size(11.5).muted().end().write(right);
}

/// One bar with its key below; gives the lower edge.
fn bar(svg: &mut Svg, top: f64, scale: f64, parts: &[Part], amounts: &[f64]) -> f64 {
    let mut x = MARGIN;
    for (part, amount) in parts.iter().zip(amounts) {
        let width = amount * scale;
        // A hair of background between neighbours, so that they part without relying on hue.
        svg.rect(x, top, (width - 1.5).max(0.5), BAR, 1.5, part.1, 1.0);
        let text = show(Dim::Money, *amount);
        if width_of(&text, 12.0) + 12.0 < width {
            svg.text(x + width / 2.0, top + 20.0).bold().middle().fill(part.2).write(&text);
        }
        x += width;
    }
    key(svg, top + BAR + 20.0, parts, amounts, scale)
}

/// Names, and the amounts that had no room in the bar.
fn key(svg: &mut Svg, top: f64, parts: &[Part], amounts: &[f64], scale: f64) -> f64 {
    let (mut x, mut y) = (MARGIN, top);
    for (part, amount) in parts.iter().zip(amounts) {
        let money = show(Dim::Money, *amount);
        let inside = width_of(&money, 12.0) + 12.0 < amount * scale;
        let text = if inside { part.0.to_owned() } else { format!("{} {money}", part.0) };
        let width = 16.0 + width_of(&text, 12.0) + 14.0;
        if x + width > WIDTH - MARGIN + 14.0 {
            (x, y) = (MARGIN, y + 20.0);
        }
        svg.rect(x, y - 9.5, 11.0, 11.0, 2.0, part.1, 1.0);
        svg.text(x + 16.0, y).write(&text);
        x += width;
    }
    y
}
