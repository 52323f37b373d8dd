//! Megawatts and tokens: from the grid connection through the machine to what it makes and what that costs.

use super::MARGIN;
use super::numbers::Numbers;
use super::svg::{Svg, colour};
use crate::fault::Fault;

/// Height of the tallest node in pixels.
const TALL: f64 = 168.0;
/// Width of a node.
const NODE: f64 = 10.0;
/// Left edges of the three nodes and of the three columns of cards.
const COLUMNS: [f64; 6] = [MARGIN, 148.0, 258.0, 364.0, 540.0, 716.0];
/// Width and height of a card.
const CARD: (f64, f64) = (156.0, 92.0);

/// Partitions of the example by what they do.
const TRAINS: &str = "partition.train";
const SERVES: &str = "partition.serve";

struct Card<'a> {
    x: f64,
    y: f64,
    hue: &'a str,
    head: String,
    value: String,
    /// Small, on the line of the value.
    after: &'a str,
    below: [String; 2],
}

/// Draws it below `top`.
pub fn draw(svg: &mut Svg, n: &Numbers<'_>, top: f64) -> Result<(), Fault> {
    let mw = |id: &str| n.base(id).map(|w| w / 1e6);
    let grid = mw("site.grid_firm")? + mw("site.grid_flexible")?;
    let (peak, it) = (mw("site.facility_power")?, mw("site.it_power")?);
    let (train, serve) = (mw(&format!("{TRAINS}.it_power"))?, mw(&format!("{SERVES}.it_power"))?);
    let other = (it - train - serve).max(0.0);
    let scale = TALL / grid.max(peak);
    let base = top + 62.0;
    let [x1, x2, x3, ..] = COLUMNS;

    // What the grid gives beyond the peak, and what never reaches a rack.
    let spare = (grid - peak).max(0.0) * scale;
    svg.fading(
        (x1 + NODE, base + peak * scale),
        (x2 - 26.0, base + peak * scale + 18.0),
        spare,
        svg.theme.grey,
    );
    let losses = (peak - it).max(0.0) * scale;
    svg.fading((x2 + NODE, base + it * scale), (x3 - 26.0, base + it * scale + 26.0), losses, svg.theme.grey);
    svg.ribbon((x1 + NODE, base), (x2, base), peak.min(grid) * scale, colour::ORANGE);
    svg.ribbon((x2 + NODE, base), (x3, base), it * scale, colour::ORANGE);

    node(svg, n, x1, top, grid * scale, "Grid connection", "site.grid_firm")?;
    node(svg, n, x2, top, peak * scale, "Site at its peak", "site.facility_power")?;
    node(svg, n, x3, top, it * scale, "IT load", "site.it_power")?;
    if spare > 0.0 {
        svg.text(x1, base + grid * scale + 18.0).muted().write(&format!("{:.0} MW spare", grid - peak));
    }
    svg.text(x2, base + peak * scale + 34.0).muted().write(&format!("{:.0} MW", peak - it));
    svg.text(x2, base + peak * scale + 49.0).muted().write("cooling, losses");

    // Into the partitions, as tall as their power.
    let rows = [top + 52.0, top + 52.0 + CARD.1 + 20.0];
    for (x, head) in COLUMNS[3..].iter().zip(["Accelerators", "Tokens", "Euros"]) {
        svg.text(*x, top + 36.0).size(15.0).bold().write(head);
    }
    let (h1, h2, h3) = (train * scale, serve * scale, other * scale);
    let middle = |row: f64, height: f64| row + (CARD.1 - height) / 2.0;
    let x4 = COLUMNS[3];
    svg.ribbon((x3 + NODE, base), (x4, middle(rows[0], h1)), h1, colour::BLUE);
    svg.ribbon((x3 + NODE, base + h1), (x4, middle(rows[1], h2)), h2, colour::GREEN);
    svg.fading((x3 + NODE, base + h1 + h2), (x4 - 4.0, rows[1] + CARD.1 + 22.0), h3, svg.theme.grey);
    svg.text(x4, rows[1] + CARD.1 + 22.0 + h3 / 2.0 + 4.0)
        .muted()
        .write(&format!("{other:.0} MW network, storage"));

    machine(svg, n, rows[0], TRAINS, "Training", train, colour::BLUE)?;
    machine(svg, n, rows[1], SERVES, "Serving", serve, colour::GREEN)?;
    trained(svg, n, rows[0])?;
    served(svg, n, rows[1])?;
    hours(svg, n, rows[1] + CARD.1 + 18.0)
}

fn node(
    svg: &mut Svg,
    n: &Numbers<'_>,
    x: f64,
    top: f64,
    height: f64,
    head: &str,
    id: &str,
) -> Result<(), Fault> {
    svg.rect([x, top + 62.0, NODE, height], 2.0, colour::ORANGE, 1.0);
    svg.text(x, top + 14.0).muted().write(head);
    svg.text(x, top + 36.0).size(19.0).bold().write(&n.value(id)?);
    svg.text(x, top + 52.0).size(11.0).muted().write(&n.bracket(id)?);
    Ok(())
}

fn machine(
    svg: &mut Svg,
    n: &Numbers<'_>,
    y: f64,
    partition: &str,
    head: &str,
    power: f64,
    hue: &str,
) -> Result<(), Fault> {
    card(
        svg,
        &Card {
            x: COLUMNS[3],
            y,
            hue,
            head: format!("{head} · {power:.0} MW"),
            value: n.value(&format!("{partition}.accelerators"))?,
            after: "",
            below: [
                n.value(&format!("{partition}.h100_equivalents"))?,
                format!("in {} racks", n.value(&format!("{partition}.racks"))?),
            ],
        },
    );
    Ok(())
}

fn trained(svg: &mut Svg, n: &Numbers<'_>, y: f64) -> Result<(), Fault> {
    let (days, cost) = (n.run("days")?, n.run("cost")?);
    card(
        svg,
        &Card {
            x: COLUMNS[4],
            y,
            hue: colour::BLUE,
            head: n.run("model").ok().and_then(|key| n.note(&key)).unwrap_or("Training run").to_owned(),
            value: n.value(&days)?,
            after: "",
            below: [n.bracket(&days)?, format!("for {} tokens", n.value(&n.run("tokens")?)?)],
        },
    );
    card(
        svg,
        &Card {
            x: COLUMNS[5],
            y,
            hue: colour::BLUE,
            head: "Cost of the run".to_owned(),
            value: n.value(&cost)?,
            after: "",
            below: [n.bracket(&cost)?, format!("{} of energy", n.value(&n.run("energy")?)?)],
        },
    );
    arrows(svg, y, colour::BLUE);
    Ok(())
}

fn served(svg: &mut Svg, n: &Numbers<'_>, y: f64) -> Result<(), Fault> {
    let (rate, cost) = (n.service("tokens_per_second")?, n.service("cost_per_million_tokens")?);
    card(
        svg,
        &Card {
            x: COLUMNS[4],
            y,
            hue: colour::GREEN,
            head: n.service("model").ok().and_then(|key| n.note(&key)).unwrap_or("Service").to_owned(),
            value: n.value(&rate)?.trim_end_matches(" tokens/s").to_owned(),
            after: "tokens/s",
            below: [n.bracket(&rate)?, format!("at peak, on {} chips", n.value(&n.service("chips")?)?)],
        },
    );
    card(
        svg,
        &Card {
            x: COLUMNS[5],
            y,
            hue: colour::GREEN,
            head: "A million tokens".to_owned(),
            value: n.value(&cost)?,
            after: "",
            below: [n.bracket(&cost)?, format!("{} a token", n.value(&n.service("energy_per_token")?)?)],
        },
    );
    arrows(svg, y, colour::GREEN);
    Ok(())
}

/// The price that both lines of work are reckoned at.
fn hours(svg: &mut Svg, n: &Numbers<'_>, y: f64) -> Result<(), Fault> {
    let id = "cost.lcoc_per_accelerator_hour";
    let [.., x, right] = COLUMNS;
    svg.text(x + 14.0, y + 12.0).size(11.5).muted().write("An accelerator-hour, all in");
    svg.text(x + 14.0, y + 36.0).size(19.0).bold().write(&n.value(id)?);
    svg.text(x + 14.0, y + 53.0).size(11.5).muted().write(&n.bracket(id)?);
    let id = "cost.lcoc_per_h100e_hour";
    svg.text(right + 14.0, y + 12.0).size(11.5).muted().write("An H100e-hour");
    svg.text(right + 14.0, y + 36.0).size(19.0).bold().write(&n.value(id)?);
    svg.text(right + 14.0, y + 53.0).size(11.5).muted().write(&n.bracket(id)?);
    Ok(())
}

fn arrows(svg: &mut Svg, y: f64, hue: &str) {
    for pair in COLUMNS[3..].windows(2) {
        svg.arrow(pair[0] + CARD.0 + 4.0, pair[1] - 4.0, y + CARD.1 / 2.0, hue);
    }
}

fn card(svg: &mut Svg, card: &Card<'_>) {
    let (x, y) = (card.x, card.y);
    svg.rect([x, y, CARD.0, CARD.1], 6.0, card.hue, svg.theme.tint[1]);
    svg.rect([x, y, 4.0, CARD.1], 2.0, card.hue, 1.0);
    svg.text(x + 14.0, y + 20.0).size(11.5).muted().write(&card.head);
    svg.text(x + 14.0, y + 44.0).size(19.0).bold().write_with(&card.value, card.after);
    svg.text(x + 14.0, y + 62.0).size(11.5).muted().write(&card.below[0]);
    svg.text(x + 14.0, y + 79.0).size(11.5).muted().write(&card.below[1]);
}
