//! A small writer of SVG: shapes in the theme's colours, text as text.

use std::fmt::Write as _;

/// Colours of a picture; the categorical ones are Okabe and Ito's, which colour-blind readers can tell apart.
#[derive(Debug)]
pub struct Theme {
    /// Behind everything.
    pub background: &'static str,
    /// Frame and separating lines.
    pub rule: &'static str,
    /// Text.
    pub ink: &'static str,
    /// Text of less weight.
    pub muted: &'static str,
    /// What is left over or lost.
    pub grey: &'static str,
    /// Opacity of ribbons and of tinted cards.
    pub tint: [f64; 2],
}

/// For a light page.
pub static LIGHT: Theme = Theme {
    background: "#ffffff",
    rule: "#d0d7de",
    ink: "#1f2328",
    muted: "#59636e",
    grey: "#8c959f",
    tint: [0.34, 0.10],
};

/// For a dark page.
pub static DARK: Theme = Theme {
    background: "#0d1117",
    rule: "#3d444d",
    ink: "#f0f6fc",
    muted: "#a3adb8",
    grey: "#7d8590",
    tint: [0.42, 0.16],
};

/// Okabe and Ito's palette.
pub mod colour {
    pub const ORANGE: &str = "#E69F00";
    pub const SKY: &str = "#56B4E9";
    pub const GREEN: &str = "#009E73";
    pub const YELLOW: &str = "#F0E442";
    pub const BLUE: &str = "#0072B2";
    pub const VERMILION: &str = "#D55E00";
    pub const PURPLE: &str = "#CC79A7";
}

/// A picture being written.
pub struct Svg {
    out: String,
    width: f64,
    height: f64,
    /// Colours in use.
    pub theme: &'static Theme,
    gradients: usize,
}

impl Svg {
    /// An empty picture.
    pub fn new(width: f64, height: f64, theme: &'static Theme) -> Self {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" \
             aria-labelledby=\"title desc\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, \
             Arial, sans-serif\">",
            num(width),
            num(height),
            num(width),
            num(height),
        );
        Svg { out, width, height, theme, gradients: 0 }
    }

    /// Title and description for those who do not see it.
    pub fn describe(&mut self, title: &str, description: &str) {
        let _ = writeln!(self.out, "<title id=\"title\">{}</title>", escape(title));
        let _ = writeln!(self.out, "<desc id=\"desc\">{}</desc>", escape(description));
    }

    /// The card that everything lies on.
    pub fn background(&mut self) {
        let _ = writeln!(
            self.out,
            "<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"{}\" stroke=\"{}\"/>",
            num(self.width - 1.0),
            num(self.height - 1.0),
            self.theme.background,
            self.theme.rule,
        );
    }

    /// A filled rectangle: left, top, width, height.
    pub fn rect(&mut self, [x, y, width, height]: [f64; 4], radius: f64, fill: &str, opacity: f64) {
        let _ = writeln!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{fill}\" fill-opacity=\"{}\"/>",
            num(x),
            num(y),
            num(width),
            num(height),
            num(radius),
            num(opacity),
        );
    }

    /// A thin rule.
    pub fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64) {
        let _ = writeln!(
            self.out,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\"/>",
            num(x1),
            num(y1),
            num(x2),
            num(y2),
            self.theme.rule,
        );
    }

    /// A small arrow to the right that ends at a point.
    pub fn arrow(&mut self, x1: f64, x2: f64, y: f64, stroke: &str) {
        let _ = writeln!(
            self.out,
            "<path d=\"M{} {}H{}M{} {}l5 5l-5 5\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
            num(x1),
            num(y),
            num(x2),
            num(x2 - 5.0),
            num(y - 5.0),
        );
    }

    /// A ribbon of constant height between two upright edges.
    pub fn ribbon(&mut self, from: (f64, f64), to: (f64, f64), height: f64, fill: &str) {
        let path = ribbon(from, to, height);
        let _ = writeln!(
            self.out,
            "<path d=\"{path}\" fill=\"{fill}\" fill-opacity=\"{}\"/>",
            num(self.theme.tint[0])
        );
    }

    /// A ribbon that fades away to its right.
    pub fn fading(&mut self, from: (f64, f64), to: (f64, f64), height: f64, fill: &str) {
        self.gradients += 1;
        let (id, path) = (format!("fade{}", self.gradients), ribbon(from, to, height));
        let _ = writeln!(
            self.out,
            "<linearGradient id=\"{id}\"><stop offset=\"0\" stop-color=\"{fill}\" stop-opacity=\"{}\"/><stop \
             offset=\"1\" stop-color=\"{fill}\" stop-opacity=\"0\"/></linearGradient>\n<path d=\"{path}\" \
             fill=\"url(#{id})\"/>",
            num(self.theme.tint[0]),
        );
    }

    /// Text at a place.
    pub fn text(&mut self, x: f64, y: f64) -> Text<'_> {
        Text { svg: self, x, y, size: 12.0, bold: false, fill: None, anchor: "" }
    }

    /// The picture.
    pub fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

/// A line of text being set.
pub struct Text<'a> {
    svg: &'a mut Svg,
    x: f64,
    y: f64,
    size: f64,
    bold: bool,
    fill: Option<&'a str>,
    anchor: &'static str,
}

impl<'a> Text<'a> {
    /// Height of the letters in pixels.
    pub fn size(self, size: f64) -> Self {
        Text { size, ..self }
    }

    /// In heavier strokes.
    pub fn bold(self) -> Self {
        Text { bold: true, ..self }
    }

    /// In the colour of less weight.
    pub fn muted(self) -> Self {
        Text { fill: Some(self.svg.theme.muted), ..self }
    }

    /// In a colour.
    pub fn fill(self, fill: &'a str) -> Self {
        Text { fill: Some(fill), ..self }
    }

    /// The place is its middle.
    pub fn middle(self) -> Self {
        Text { anchor: " text-anchor=\"middle\"", ..self }
    }

    /// The place is its end.
    pub fn end(self) -> Self {
        Text { anchor: " text-anchor=\"end\"", ..self }
    }

    /// Sets it.
    pub fn write(self, text: &str) {
        self.write_with(text, "");
    }

    /// Sets it with a small remark behind it on the same line.
    pub fn write_with(self, text: &str, remark: &str) {
        if text.is_empty() {
            return;
        }
        let weight = if self.bold { " font-weight=\"600\"" } else { "" };
        let theme = self.svg.theme;
        let fill = self.fill.unwrap_or(theme.ink);
        let _ = write!(
            self.svg.out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{weight}{} fill=\"{fill}\">{}",
            num(self.x),
            num(self.y),
            num(self.size),
            self.anchor,
            escape(text),
        );
        if !remark.is_empty() {
            let _ = write!(
                self.svg.out,
                "<tspan dx=\"6\" font-size=\"11.5\" font-weight=\"400\" fill=\"{}\">{}</tspan>",
                theme.muted,
                escape(remark),
            );
        }
        self.svg.out.push_str("</text>\n");
    }
}

/// How wide a line of bold text is at most: system fonts differ, and this is the widest of the common ones.
pub fn width_of_bold(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.68
}

fn ribbon(from: (f64, f64), to: (f64, f64), height: f64) -> String {
    let middle = num((from.0 + to.0) / 2.0);
    let (x1, x2) = (num(from.0), num(to.0));
    let (a, b) = (num(from.1), num(to.1));
    let (c, d) = (num(to.1 + height), num(from.1 + height));
    format!("M{x1} {a}C{middle} {a} {middle} {b} {x2} {b}V{c}C{middle} {c} {middle} {d} {x1} {d}Z")
}

/// Two decimals at most: a hundredth of a pixel is nobody's business.
fn num(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sites_cannot_break_the_file() {
        let mut svg = Svg::new(10.0, 10.0, &LIGHT);
        svg.describe("A & B <\"C\">", "");
        svg.text(1.0, 2.345).write_with("x < y", "a & b");
        let text = svg.finish();
        assert!(text.contains("A &amp; B &lt;&quot;C&quot;&gt;"));
        assert!(text.contains("y=\"2.35\"") || text.contains("y=\"2.34\""));
        assert!(text.contains("x &lt; y<tspan") && text.contains("a &amp; b</tspan>"));
    }

    #[test]
    fn numbers_have_no_idle_digits() {
        assert_eq!([num(2.0), num(0.5), num(-1.25), num(1.0 / 3.0)], ["2", "0.5", "-1.25", "0.33"]);
    }
}
