//! The README's picture: megawatts, tokens and money of one site, as an SVG made of its outcome.

mod flow;
mod money;
mod numbers;
mod svg;

use gigatwin_factory::outcome::Outcome;

use crate::fault::Fault;
use numbers::Numbers;
use svg::Svg;

pub use svg::{DARK, LIGHT, Theme};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 738.0;
/// Left and right margin.
const MARGIN: f64 = 28.0;

/// Draws the outcome of the file `source`.
pub fn draw(outcome: &Outcome, source: &str, theme: &'static Theme) -> Result<String, Fault> {
    let n = Numbers::new(outcome);
    let mut svg = Svg::new(WIDTH, HEIGHT, theme);
    svg.describe(&outcome.name, &description(&n)?);
    svg.background();
    header(&mut svg, outcome, &n)?;
    flow::draw(&mut svg, &n, 88.0)?;
    svg.line(MARGIN, 428.0, WIDTH - MARGIN, 428.0);
    money::draw(&mut svg, &n, 462.0)?;
    footer(&mut svg, outcome, source);
    Ok(svg.finish())
}

fn header(svg: &mut Svg, outcome: &Outcome, n: &Numbers<'_>) -> Result<(), Fault> {
    svg.text(MARGIN, 40.0).size(22.0).bold().write(&outcome.name);
    let opening = match n.range("schedule.opening")? {
        Some(range) => format!("opens {range} (P10–P90)"),
        None => format!("opens {}", n.value("schedule.opening")?),
    };
    let line = format!(
        "{}, {} · {} accelerators = {} · {}",
        outcome.place,
        outcome.country,
        n.value("site.accelerators")?,
        n.value("site.h100_equivalents")?,
        opening,
    );
    svg.text(MARGIN, 62.0).size(13.0).muted().write(&line);
    Ok(())
}

fn footer(svg: &mut Svg, outcome: &Outcome, source: &str) {
    let hash: String = outcome.stamp.inputs_sha256.chars().take(8).collect();
    let line = format!(
        "[P10–P90] over {} draws of every uncertain input · gigatwin {} · seed {} · inputs {hash}",
        outcome.draws, outcome.stamp.version, outcome.stamp.seed
    );
    svg.text(MARGIN, HEIGHT - 20.0).size(11.0).muted().write(&line);
    svg.text(WIDTH - MARGIN, HEIGHT - 20.0).size(11.0).muted().end().write(source);
}

/// The picture in words, for those who do not see it.
fn description(n: &Numbers<'_>) -> Result<String, Fault> {
    Ok(format!(
        "Grid connection {}, {} at the peak, {} of IT. Of {} accelerators, {} train a model on {} tokens in {}, and {} \
         serve {} at peak. An accelerator-hour costs {}, a million tokens {}. The site costs {} to build; the Union pays {}, the Member \
         States {}, debt is {} and equity {}.",
        n.value("site.grid_firm")?,
        n.value("site.facility_power")?,
        n.value("site.it_power")?,
        n.value("site.accelerators")?,
        n.value(&n.run("accelerators")?)?,
        n.value(&n.run("tokens")?)?,
        n.value(&n.run("days")?)?,
        n.value(&n.service("chips")?)?,
        n.value(&n.service("tokens_per_second")?)?,
        n.value("cost.lcoc_per_accelerator_hour")?,
        n.value(&n.service("cost_per_million_tokens")?)?,
        n.value("cost.capex_total")?,
        n.value("funding.union")?,
        n.value("funding.states")?,
        n.value("funding.debt")?,
        n.value("funding.equity")?,
    ))
}
