//! Who held the nodes, against time: bands of nodes, stacked by kind, with lines beneath. As SVG that stands alone.

use std::fmt::Write as _;

use crate::report::escaped;
use crate::scale::{label, ticks};

/// A kind of use.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// Name in the legend.
    pub name: String,
    /// How it looks.
    pub look: Look,
}

/// How a kind looks. Colours are those of Okabe and Ito, told apart by people who confuse red and green; what is no work is hatched as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A plain colour by number; beyond the palette they repeat.
    Colour(usize),
    /// Out of service.
    Down,
    /// Kept free.
    Reserved,
}

/// A line beneath.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it shows, with its unit.
    pub name: String,
    /// One value for each column.
    pub values: Vec<Option<f64>>,
}

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Occupancy {
    /// What is shown.
    pub title: String,
    /// What was counted.
    pub note: String,
    /// Stamp of the run.
    pub foot: String,
    /// Name of each band of nodes, from the top.
    pub bands: Vec<String>,
    /// Nodes of each band.
    pub weights: Vec<f64>,
    /// Columns of time.
    pub columns: usize,
    /// Kinds in the order in which they stack from the bottom of a band.
    pub kinds: Vec<Kind>,
    /// Part of a band that each kind holds: band by band, in it column by column, in it kind by kind.
    pub parts: Vec<f32>,
    /// Column and label of the ticks of time.
    pub ticks: Vec<(f64, String)>,
    /// Lines beneath.
    pub lines: Vec<Line>,
}

const LEFT: f64 = 92.0;
const WIDTH: f64 = 960.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 74.0;
const LINE: f64 = 62.0;
const GAP: f64 = 26.0;
/// Parts below this many pixels are left out, heights are rounded to it.
const GRAIN: f64 = 0.5;

/// Classes and no variables, so that programs other than browsers draw it as well.
const STYLE: &str = "<style>
svg{font:11px system-ui,sans-serif}.grid{stroke-opacity:.35;fill:none}.line{stroke-width:1.2;fill:none}.kd{fill:url(#down)}.kr{fill:url(#kept)}
text{fill:#1b1f24}.soft{fill:#5b6570}.back{fill:#fff}.free{fill:#eef0f2}.grid{stroke:#5b6570}.line{stroke:#1b1f24}.pd{fill:#d55e00}.pr{fill:#8a929b}.k0{fill:#0072b2}.k1{fill:#e69f00}.k2{fill:#009e73}.k3{fill:#cc79a7}.k4{fill:#56b4e9}.k5{fill:#f0e442}.k6{fill:#7f7f7f}
@media (prefers-color-scheme:dark){text{fill:#e7eaed}.soft{fill:#9aa4ae}.back{fill:#14171a}.free{fill:#24292e}.grid{stroke:#9aa4ae}.line{stroke:#e7eaed}.pd{fill:#ff7a1a}.pr{fill:#78818a}.k0{fill:#3d9fdc}.k1{fill:#f0b429}.k2{fill:#1fbf8f}.k3{fill:#df9bc0}.k4{fill:#8fd0f5}.k5{fill:#f5ec7a}.k6{fill:#a5a5a5}}
@media print{svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}text{fill:#000}.soft{fill:#333}.back{fill:#fff}.free{fill:#f2f2f2}.grid{stroke:#333}.line{stroke:#000}.pd{fill:#d55e00}.pr{fill:#8a929b}.k0{fill:#0072b2}.k1{fill:#e69f00}.k2{fill:#009e73}.k3{fill:#cc79a7}.k4{fill:#56b4e9}.k5{fill:#f0e442}.k6{fill:#7f7f7f}}
</style>
<defs><pattern id=\"down\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" class=\"pd\"/><rect width=\"1.6\" height=\"5\" class=\"back\"/></pattern>
<pattern id=\"kept\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(-45)\"><rect width=\"6\" height=\"6\" class=\"free\"/><rect width=\"2\" height=\"6\" class=\"pr\"/></pattern></defs>\n";

impl Look {
    fn class(self) -> String {
        match self {
            Look::Colour(n) => format!("k{}", n % 7),
            Look::Down => "kd".to_owned(),
            Look::Reserved => "kr".to_owned(),
        }
    }
}

impl Occupancy {
    /// Share of all nodes and of the whole time that a kind holds.
    pub fn share(&self, kind: usize) -> f64 {
        let band = |b: usize| (0..self.columns).map(|c| self.part(b, c, kind)).sum::<f64>();
        let held: f64 = self.weights.iter().enumerate().map(|(b, w)| w * band(b)).sum();
        held / (self.weights.iter().sum::<f64>() * self.columns as f64).max(1e-9)
    }

    fn part(&self, band: usize, column: usize, kind: usize) -> f64 {
        let at = (band * self.columns + column) * self.kinds.len() + kind;
        f64::from(self.parts.get(at).copied().unwrap_or(0.0))
    }

    /// Height of a band.
    fn band_height(&self) -> f64 {
        (600.0 / self.bands.len().max(1) as f64).clamp(4.0, 22.0)
    }

    /// As SVG: light and dark by the reader's setting, light in print; wide enough for a page.
    pub fn svg(&self) -> String {
        let (tall, columns) = (self.band_height(), self.columns.max(1));
        let step = (WIDTH - LEFT - RIGHT) / columns as f64;
        let bottom = TOP + tall * self.bands.len() as f64;
        let height = bottom + 22.0 + self.lines.len() as f64 * (LINE + GAP) + 20.0;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{0}\">\n<title>{0}</title>\n<desc>{1}</desc>\n{STYLE}<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n<text x=\"0\" y=\"14\" font-size=\"15\" font-weight=\"600\">{0}</text>\n<text class=\"soft\" x=\"0\" y=\"30\">{1}</text>\n",
            escaped(&self.title),
            escaped(&self.note)
        );
        self.legend(&mut out);
        let _ = writeln!(
            out,
            "<rect class=\"free\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            WIDTH - LEFT - RIGHT,
            bottom - TOP
        );
        for kind in 0..self.kinds.len() {
            self.kind(&mut out, kind, step, tall);
        }
        self.frame(&mut out, step, tall, bottom);
        for (i, line) in self.lines.iter().enumerate() {
            self.line(&mut out, line, step, bottom + 22.0 + GAP + i as f64 * (LINE + GAP));
        }
        let _ = writeln!(
            out,
            "<text class=\"soft\" x=\"0\" y=\"{:.0}\">{}</text>\n</svg>",
            height - 6.0,
            escaped(&self.foot)
        );
        out
    }

    fn legend(&self, out: &mut String) {
        let mut x = LEFT;
        let mut y = 44.0;
        let last = (
            "free".to_owned(),
            "free".to_owned(),
            1.0 - (0..self.kinds.len()).map(|k| self.share(k)).sum::<f64>(),
        );
        let named = self
            .kinds
            .iter()
            .enumerate()
            .map(|(k, kind)| (kind.name.clone(), kind.look.class(), self.share(k)));
        for (name, fill, share) in named.chain([last]) {
            let text = format!("{name} {:.1} %", 100.0 * share.max(0.0));
            let wide = 20.0 + 6.4 * text.chars().count() as f64;
            if x + wide > WIDTH {
                (x, y) = (LEFT, y + 16.0);
            }
            let _ = writeln!(
                out,
                "<rect x=\"{x:.0}\" y=\"{:.0}\" width=\"11\" height=\"11\" class=\"{fill}\"/><text x=\"{:.0}\" y=\"{y:.0}\">{}</text>",
                y - 9.0,
                x + 15.0,
                escaped(&text)
            );
            x += wide;
        }
    }

    /// All cells of a kind as one path; neighbours of equal height are one rectangle.
    fn kind(&self, out: &mut String, kind: usize, step: f64, tall: f64) {
        let mut path = String::new();
        let edge = |part: f64| (part.clamp(0.0, 1.0) * (tall - GRAIN) / GRAIN).round() * GRAIN;
        for band in 0..self.bands.len() {
            let foot = TOP + tall * (band + 1) as f64 - GRAIN;
            let span = |c: usize| {
                let below: f64 = (0..kind).map(|k| self.part(band, c, k)).sum();
                (edge(below), edge(below + self.part(band, c, kind)))
            };
            let mut c = 0;
            while c < self.columns {
                let (low, high) = span(c);
                let from = c;
                while c < self.columns && span(c) == (low, high) {
                    c += 1;
                }
                if high > low {
                    let _ = write!(
                        path,
                        "M{:.1} {:.1}h{:.1}v{:.1}h-{:.1}z",
                        LEFT + from as f64 * step,
                        foot - high,
                        (c - from) as f64 * step,
                        high - low,
                        (c - from) as f64 * step
                    );
                }
            }
        }
        if !path.is_empty() {
            let k = &self.kinds[kind];
            let _ = writeln!(
                out,
                "<path class=\"{}\" d=\"{path}\"><title>{}</title></path>",
                k.look.class(),
                escaped(&k.name)
            );
        }
    }

    fn frame(&self, out: &mut String, step: f64, tall: f64, bottom: f64) {
        // As many names as can be read.
        let every = (12.0 / tall).ceil().max(1.0) as usize;
        for (i, name) in self.bands.iter().enumerate().step_by(every) {
            let y = TOP + tall * (i as f64 + 0.5) + 3.5;
            let _ = writeln!(
                out,
                "<text class=\"soft\" x=\"{:.0}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 5.0,
                escaped(name)
            );
        }
        for (column, name) in &self.ticks {
            let x = LEFT + column * step;
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom:.1}\"/><text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                bottom + 13.0,
                escaped(name)
            );
        }
    }

    fn line(&self, out: &mut String, line: &Line, step: f64, top: f64) {
        let known = line.values.iter().flatten().copied().filter(|v| v.is_finite());
        let (low, high) = known.fold((0.0_f64, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        let high = if high > low { high } else { low + 1.0 };
        let y = |v: f64| top + LINE - (v - low) / (high - low) * LINE;
        let _ = writeln!(
            out,
            "<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"600\">{}</text>",
            top - 7.0,
            escaped(&line.name)
        );
        for t in ticks(low, high) {
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {0:.1}H{1:.1}\"/><text class=\"soft\" x=\"{2:.0}\" y=\"{3:.1}\" text-anchor=\"end\">{4}</text>",
                y(t),
                WIDTH - RIGHT,
                LEFT - 5.0,
                y(t) + 3.5,
                label(t)
            );
        }
        let mut path = String::new();
        let mut pen = false;
        for (c, v) in line.values.iter().enumerate() {
            let Some(v) = v.filter(|v| v.is_finite()) else {
                pen = false;
                continue;
            };
            let go = if pen { 'L' } else { 'M' };
            let _ = write!(path, "{go}{:.1} {:.1}", LEFT + (c as f64 + 0.5) * step, y(v));
            pen = true;
        }
        let _ = writeln!(out, "<path class=\"line\" d=\"{path}\"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Occupancy {
        Occupancy {
            title: "A & B".into(),
            note: "two nodes".into(),
            foot: "stamp".into(),
            bands: vec!["node 0".into(), "node 1".into()],
            weights: vec![1.0, 1.0],
            columns: 4,
            kinds: vec![
                Kind { name: "batch".into(), look: Look::Colour(0) },
                Kind { name: "out of service".into(), look: Look::Down },
            ],
            parts: vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, 0.0, 1.0, 0.0, 0.0],
            ticks: vec![(0.0, "day 0".into())],
            lines: vec![Line { name: "MW".into(), values: vec![Some(1.0), None, Some(3.0), Some(2.0)] }],
        }
    }

    #[test]
    fn what_is_held_is_drawn_once_with_a_legend() {
        let o = two();
        assert_eq!((o.share(0), o.share(1)), (0.5, 0.25));
        let svg = o.svg();
        assert!(
            svg.contains("batch 50.0 %")
                && svg.contains("out of service 25.0 %")
                && svg.contains("free 25.0 %")
        );
        assert!(
            svg.contains("A &amp; B")
                && svg.contains("prefers-color-scheme:dark")
                && svg.contains("@media print")
        );
        // Three columns of the first band are one rectangle, the halves of the second another.
        let batch = svg.lines().find(|l| l.contains("<path class=\"k0\"")).unwrap();
        assert_eq!(batch.matches('M').count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
    }
}
