//! Two plain charts as SVG whose colours follow the page: bars by label with a line over them, and a line with a band.

use crate::report::escaped;

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// Stacked bars; values below zero stand below the axis.
    Bars {
        /// What is shown, with its unit.
        title: String,
        /// One label for each bar.
        labels: Vec<String>,
        /// Name and values of each part.
        parts: Vec<(String, Vec<f64>)>,
        /// A line over the bars.
        line: Option<(String, Vec<f64>)>,
    },
    /// A line with a band.
    Band {
        /// What is shown, with its unit.
        title: String,
        /// One label for each point.
        labels: Vec<String>,
        /// The line.
        base: Vec<f64>,
        /// Lower and upper edge.
        band: Option<(Vec<f64>, Vec<f64>)>,
    },
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 22.0;

/// A round step that gives about four lines.
fn step(span: f64) -> f64 {
    let raw = (span / 4.0).max(f64::MIN_POSITIVE);
    let power = 10.0_f64.powf(raw.log10().floor());
    let unit = raw / power;
    power
        * if unit <= 1.0 {
            1.0
        } else if unit <= 2.0 {
            2.0
        } else if unit <= 5.0 {
            5.0
        } else {
            10.0
        }
}

struct Frame {
    low: f64,
    high: f64,
    count: usize,
    out: String,
}

impl Frame {
    fn new(title: &str, labels: &[String], low: f64, high: f64) -> Frame {
        let by = step(high - low);
        let (low, high) = ((low / by).floor() * by, (high / by).ceil() * by);
        let high = if high > low { high } else { low + 1.0 };
        let mut f = Frame { low, high, count: labels.len().max(1), out: String::new() };
        f.out.push_str(&format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\"><text x=\"0\" y=\"11\" font-weight=\"600\">{0}</text>\n",
            escaped(title)
        ));
        let lines = ((f.high - f.low) / by).round() as usize;
        let decimals = usize::from(by < 1.0) + usize::from(by < 0.1);
        for i in 0..=lines {
            let v = f.low + by * i as f64;
            let y = f.y(v);
            f.out.push_str(&format!(
                "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{v:.decimals$}</text>\n",
                LEFT - 5.0,
                y + 3.5
            ));
        }
        for (i, label) in labels.iter().enumerate() {
            f.out.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
                f.x(i),
                HEIGHT - 6.0,
                escaped(label)
            ));
        }
        f
    }

    fn x(&self, i: usize) -> f64 {
        LEFT + (WIDTH - LEFT) * (i as f64 + 0.5) / self.count as f64
    }

    fn y(&self, v: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (self.high - v) / (self.high - self.low)
    }

    fn legend(&mut self, names: &[(&str, String)]) {
        let mut x = LEFT;
        for (name, colour) in names {
            self.out.push_str(&format!(
                "<rect x=\"{x:.1}\" y=\"18\" width=\"9\" height=\"9\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"26\">{}</text>\n",
                x + 13.0,
                escaped(name)
            ));
            x += 24.0 + 5.6 * name.chars().count() as f64;
        }
    }

    fn path(&mut self, values: &[f64], colour: &str) {
        let points: Vec<String> =
            values.iter().enumerate().map(|(i, v)| format!("{:.1},{:.1}", self.x(i), self.y(*v))).collect();
        self.out.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n",
            points.join(" ")
        ));
    }
}

fn colour(i: usize) -> String {
    format!("var(--c{})", i % 4 + 1)
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((0.0, 0.0), |(a, b): (f64, f64), v| (a.min(v), b.max(v)))
}

impl Chart {
    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        match self {
            Chart::Bars { title, labels, parts, line } => bars(title, labels, parts, line.as_ref()),
            Chart::Band { title, labels, base, band } => lines(title, labels, base, band.as_ref()),
        }
    }
}

fn bars(
    title: &str,
    labels: &[String],
    parts: &[(String, Vec<f64>)],
    line: Option<&(String, Vec<f64>)>,
) -> String {
    let side = |i: usize, positive: bool| -> f64 {
        parts.iter().filter_map(|p| p.1.get(i)).filter(|v| (**v > 0.0) == positive).sum()
    };
    let all = (0..labels.len()).flat_map(|i| [side(i, true), side(i, false)]);
    let (low, high) = ends(all.chain(line.iter().flat_map(|l| l.1.iter().copied())));
    let mut f = Frame::new(title, labels, low, high);
    let width = (WIDTH - LEFT) / f.count as f64 * 0.62;
    for i in 0..labels.len() {
        let (mut up, mut down) = (0.0, 0.0);
        for (n, part) in parts.iter().enumerate() {
            let v = part.1.get(i).copied().unwrap_or(0.0);
            let from = if v > 0.0 { &mut up } else { &mut down };
            let (a, b) = (*from, *from + v);
            *from = b;
            let (top, height) = (f.y(a.max(b)), (f.y(a.min(b)) - f.y(a.max(b))).max(0.0));
            if height > 0.05 {
                f.out.push_str(&format!(
                    "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{}\"/>\n",
                    f.x(i) - width / 2.0,
                    colour(n)
                ));
            }
        }
    }
    let mut names: Vec<(&str, String)> =
        parts.iter().enumerate().map(|(n, p)| (p.0.as_str(), colour(n))).collect();
    if let Some((name, values)) = line {
        f.path(values, "var(--ink)");
        names.push((name, "var(--ink)".to_owned()));
    }
    f.legend(&names);
    f.out + "</svg>\n"
}

fn lines(title: &str, labels: &[String], base: &[f64], band: Option<&(Vec<f64>, Vec<f64>)>) -> String {
    let edges = band.iter().flat_map(|b| b.0.iter().chain(&b.1).copied());
    let (low, high) = ends(base.iter().copied().chain(edges));
    let mut f = Frame::new(title, labels, low, high);
    let mut names = vec![("base case", colour(0))];
    if let Some((low, high)) = band {
        let mut points: Vec<String> =
            high.iter().enumerate().map(|(i, v)| format!("{:.1},{:.1}", f.x(i), f.y(*v))).collect();
        points.extend(low.iter().enumerate().rev().map(|(i, v)| format!("{:.1},{:.1}", f.x(i), f.y(*v))));
        f.out.push_str(&format!("<polygon points=\"{}\" fill=\"var(--band)\"/>\n", points.join(" ")));
        names.push(("P10 to P90", "var(--band)".to_owned()));
    }
    f.path(base, &colour(0));
    f.legend(&names);
    f.out + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_both_sides_of_the_axis_and_their_heights_add_up() {
        let chart = Chart::Bars {
            title: "t".to_owned(),
            labels: vec!["a".to_owned()],
            parts: vec![("in".to_owned(), vec![10.0]), ("out".to_owned(), vec![-5.0])],
            line: None,
        };
        let svg = chart.svg();
        let heights: Vec<f64> = svg
            .split("height=\"")
            .skip(1)
            .filter_map(|s| s.split('"').next()?.parse::<f64>().ok())
            .filter(|h| *h != 9.0)
            .collect();
        assert_eq!(heights.len(), 2);
        assert!((heights[0] / heights[1] - 2.0).abs() < 0.01, "{heights:?}");
    }
}
