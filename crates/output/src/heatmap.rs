//! A labelled raster of numbers: as an SVG for light, dark and paper, and as blocks in a terminal.

use std::fmt::Write as _;

use crate::scale::{colour, label, ticks};

/// Classes of colour; cells of one class share one path of the picture.
const CLASSES: usize = 32;
const WIDTH: f64 = 960.0;
const LEFT: f64 = 110.0;
const TOP: f64 = 64.0;

/// A raster with rows from top to bottom and columns from left to right.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    /// What is shown.
    pub title: String,
    /// One line below the picture, such as [`crate::Stamp::line`].
    pub foot: String,
    /// Unit of the values, for the legend.
    pub unit: String,
    /// Number of columns.
    pub columns: usize,
    /// Values, row after row; what is not known is absent and stays blank. Its length is a multiple of `columns`.
    pub values: Vec<Option<f64>>,
    /// Labels of rows: row and text.
    pub row_labels: Vec<(usize, String)>,
    /// Labels of columns: column and text.
    pub column_labels: Vec<(usize, String)>,
    /// Values at both ends of the colours; the smallest and largest value where it is not given.
    pub range: Option<(f64, f64)>,
}

impl Heatmap {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    fn ends(&self) -> (f64, f64) {
        if let Some(range) = self.range {
            return range;
        }
        let there = || self.values.iter().flatten().copied().filter(|v| v.is_finite());
        let (low, high) = (there().fold(f64::INFINITY, f64::min), there().fold(f64::NEG_INFINITY, f64::max));
        if low <= high { (low, high) } else { (0.0, 1.0) }
    }

    fn class(&self, value: f64, (low, high): (f64, f64)) -> usize {
        if high <= low {
            return CLASSES / 2;
        }
        let x = ((value - low) / (high - low)).clamp(0.0, 1.0);
        ((x * CLASSES as f64) as usize).min(CLASSES - 1)
    }

    /// The picture as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let rows = self.rows().max(1);
        let ends = self.ends();
        let w = (WIDTH - LEFT - 20.0) / self.columns.max(1) as f64;
        let h = (560.0 / rows as f64).clamp(1.5, 16.0);
        let bottom = TOP + h * rows as f64;
        let height = bottom + 96.0;
        let mut s = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" role=\"img\" aria-labelledby=\"t d\" font-family=\"system-ui, sans-serif\">\n\
             <title id=\"t\">{}</title>\n<desc id=\"d\">{}</desc>\n{STYLE}<rect class=\"paper\" width=\"{WIDTH}\" \
             height=\"{height:.0}\"/>\n<text class=\"ink\" x=\"20\" y=\"32\" font-size=\"18\" \
             font-weight=\"600\">{}</text>\n",
            escape(&self.title),
            escape(&self.words(ends)),
            escape(&self.title),
        );
        self.cells(&mut s, ends, w, h);
        for (row, text) in &self.row_labels {
            let y = TOP + h * (*row as f64 + 0.5) + 4.0;
            let _ = writeln!(
                s,
                "<text class=\"soft\" x=\"{:.1}\" y=\"{y:.1}\" font-size=\"11\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                escape(text)
            );
        }
        for (column, text) in &self.column_labels {
            let x = LEFT + w * *column as f64;
            let _ = writeln!(
                s,
                "<text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\" font-size=\"11\">{}</text>",
                bottom + 16.0,
                escape(text)
            );
        }
        self.legend(&mut s, ends, bottom + 34.0);
        let _ = writeln!(
            s,
            "<text class=\"soft\" x=\"20\" y=\"{:.1}\" font-size=\"11\">{}</text>\n</svg>",
            height - 12.0,
            escape(&self.foot)
        );
        s
    }

    /// One path per class of colour; neighbours of one class in a row are one rectangle.
    fn cells(&self, s: &mut String, ends: (f64, f64), w: f64, h: f64) {
        let mut paths = vec![String::new(); CLASSES];
        for (r, row) in self.values.chunks(self.columns.max(1)).enumerate() {
            let class_at = |c: usize| {
                row.get(c).copied().flatten().filter(|v| v.is_finite()).map(|v| self.class(v, ends))
            };
            let mut c = 0;
            while c < row.len() {
                let class = class_at(c);
                let mut end = c + 1;
                while end < row.len() && class_at(end) == class {
                    end += 1;
                }
                if let Some(k) = class {
                    let (x, y) = (LEFT + w * c as f64, TOP + h * r as f64);
                    let _ = write!(paths[k], "M{x:.2} {y:.2}h{:.2}v{h:.2}H{x:.2}z", w * (end - c) as f64);
                }
                c = end;
            }
        }
        for (k, path) in paths.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            let [r, g, b] = colour((k as f64 + 0.5) / CLASSES as f64);
            let _ = writeln!(s, "<path fill=\"#{r:02x}{g:02x}{b:02x}\" d=\"{path}\"/>");
        }
        let _ = writeln!(
            s,
            "<rect class=\"frame\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{:.2}\" height=\"{:.2}\"/>",
            w * self.columns as f64,
            h * self.rows() as f64
        );
    }

    fn legend(&self, s: &mut String, (low, high): (f64, f64), y: f64) {
        let (x0, width) = (LEFT, 360.0);
        for k in 0..CLASSES {
            let [r, g, b] = colour((k as f64 + 0.5) / CLASSES as f64);
            let step = width / CLASSES as f64;
            let _ = writeln!(
                s,
                "<rect x=\"{:.2}\" y=\"{y:.1}\" width=\"{:.2}\" height=\"10\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>",
                x0 + step * k as f64,
                step + 0.3
            );
        }
        for tick in ticks(low, high) {
            let x = if high > low { x0 + width * (tick - low) / (high - low) } else { x0 + width / 2.0 };
            let _ = writeln!(
                s,
                "<text class=\"soft\" x=\"{x:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"middle\">{}</text>",
                y + 24.0,
                label(tick)
            );
        }
        let _ = writeln!(
            s,
            "<text class=\"ink\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\">{}</text>",
            x0 + width + 14.0,
            y + 10.0,
            escape(&self.unit)
        );
    }

    /// The picture in words, for those who do not see it.
    fn words(&self, (low, high): (f64, f64)) -> String {
        let blank = self.values.iter().filter(|v| v.is_none_or(|v| !v.is_finite())).count();
        format!(
            "{} rows and {} columns from {} to {} {}, {blank} cells not known",
            self.rows(),
            self.columns,
            label(low),
            label(high),
            self.unit
        )
    }

    /// The raster as at most `height` lines of at most `width` characters, each the mean of the cells it covers: shades of
    /// grey in Unicode blocks, or coloured blanks (24-bit) with `ansi`. A cell without any value is a `·`.
    #[must_use]
    pub fn terminal(&self, width: usize, height: usize, ansi: bool) -> String {
        const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
        let (rows, columns) = (self.rows(), self.columns);
        let (height, width) = (height.min(rows), width.min(columns));
        let ends = self.ends();
        let mut s = String::new();
        for y in 0..height {
            for x in 0..width {
                match self.mean(
                    y * rows / height,
                    (y + 1) * rows / height,
                    x * columns / width,
                    (x + 1) * columns / width,
                ) {
                    None => s.push('·'),
                    Some(v) => {
                        let class = self.class(v, ends);
                        if ansi {
                            let [r, g, b] = colour((class as f64 + 0.5) / CLASSES as f64);
                            let _ = write!(s, "\u{1b}[48;2;{r};{g};{b}m ");
                        } else {
                            s.push(SHADES[(class * SHADES.len() / CLASSES).min(SHADES.len() - 1)]);
                        }
                    }
                }
            }
            if ansi {
                s.push_str("\u{1b}[0m");
            }
            s.push('\n');
        }
        s
    }

    fn mean(&self, top: usize, bottom: usize, left: usize, right: usize) -> Option<f64> {
        let (mut sum, mut n) = (0.0, 0u32);
        for r in top..bottom {
            for v in self.values[r * self.columns + left..r * self.columns + right].iter().flatten() {
                if v.is_finite() {
                    sum += v;
                    n += 1;
                }
            }
        }
        (n > 0).then(|| sum / f64::from(n))
    }
}

const STYLE: &str = "<style>\n\
    .paper{fill:#fff}.ink{fill:#1b1f24}.soft{fill:#57606a}.frame{fill:none;stroke:#8c959f;stroke-width:.7}\n\
    @media (prefers-color-scheme:dark){.paper{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9da7b3}}\n\
    @media print{.paper{fill:#fff}.ink{fill:#000}.soft{fill:#333}}\n</style>\n";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
