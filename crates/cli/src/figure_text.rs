//! Figures as people of a language write them: decimal sign, groups, words of scale and time, place of the currency.

use gigatwin_factory::inputs::Input;
use gigatwin_factory::metric::MetricDef;
use gigatwin_factory::outcome::{Band, Metric};
use gigatwin_quantity::{Dim, show, significant, units_of};

use crate::args::Language;
use crate::messages::Messages;

/// A figure in the parts that languages order differently.
#[derive(Debug, Clone, Default, PartialEq)]
struct Parts {
    currency: String,
    number: String,
    scale: String,
    unit: String,
    /// Base units in one of what the number counts, where another value may be written in the same.
    factor: Option<f64>,
}

/// Words of scale as the engine writes them.
const SCALES: [(&str, f64); 5] = [("k", 1e3), ("m", 1e6), ("M", 1e6), ("bn", 1e9), ("T", 1e12)];

/// Below this share of the unit another value is written in a smaller one.
const SMALLEST: f64 = 0.1;

/// Writes figures in one language.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    messages: &'a Messages,
}

impl<'a> Figures<'a> {
    /// In the language of the messages.
    pub fn new(messages: &'a Messages) -> Figures<'a> {
        Figures { messages }
    }

    /// "n/a".
    pub fn missing(self) -> &'a str {
        self.messages.say("number.missing")
    }

    /// A value of a dimension in base units.
    pub fn value(self, dim: Dim, base: f64) -> String {
        self.join(&self.parts(dim, "", base))
    }

    /// The base case of a figure.
    pub fn metric(self, metric: &Metric) -> String {
        self.of_def(metric.def, metric.value)
    }

    /// A value of a declared figure.
    pub fn of_def(self, def: &MetricDef, value: Option<f64>) -> String {
        value.map_or_else(|| self.missing().to_owned(), |v| self.join(&self.parts(def.dim, def.unit, v)))
    }

    /// P10 to P90 in brackets, in the unit of the value where all three share it; empty without a band.
    pub fn band(self, metric: &Metric) -> String {
        let (Some(value), Some(Band { p10, p90, .. })) = (metric.value, metric.band) else {
            return String::new();
        };
        let def = metric.def;
        let [v, mut a, mut b] = [value, p10, p90].map(|x| self.parts(def.dim, def.unit, x));
        if a == b && a == v {
            return String::new();
        }
        if let Some(factor) = v.factor {
            // Read beside the value, a low end of 0.99 bn is plainer than one of 987 m.
            for (part, x) in [(&mut a, p10), (&mut b, p90)] {
                if (x / factor).abs() >= SMALLEST || x == 0.0 {
                    *part = Parts { number: self.number(&significant(x / factor, 3)), ..v.clone() };
                }
            }
        }
        let between = if def.dim == Dim::Date { "…" } else { sign_between(p10, p90) };
        if same_unit(&v, &a) && same_unit(&v, &b) {
            format!("[{}{between}{}]", a.number, b.number)
        } else {
            format!("[{}{between}{}]", self.join(&a), self.join(&b))
        }
    }

    /// From one value to another.
    pub fn range(self, dim: Dim, unit: &str, from: f64, to: f64) -> String {
        let (a, b) = (self.parts(dim, unit, from), self.parts(dim, unit, to));
        if a == b {
            return self.join(&a);
        }
        let between = if dim == Dim::Date { "…" } else { sign_between(from, to) };
        if same_unit(&a, &b) {
            self.join(&Parts { number: format!("{}{between}{}", a.number, b.number), ..a })
        } else {
            format!("{}{between}{}", self.join(&a), self.join(&b))
        }
    }

    /// An input's value; money in the currency it was stated in.
    pub fn input(self, input: &Input, base: f64) -> String {
        let mut parts = self.parts(input.dim, "", base);
        if input.dollars && !parts.currency.is_empty() {
            parts.currency = "USD".to_owned();
        }
        self.join(&parts)
    }

    /// A relative change: "+12.3 %".
    pub fn change(self, relative: f64) -> String {
        let text = self.value(Dim::Share, relative);
        if relative > 0.0 { format!("+{text}") } else { text }
    }

    /// A plain number with some decimals.
    pub fn decimal(self, value: f64, decimals: usize) -> String {
        if value.is_finite() {
            self.number(&format!("{value:.decimals$}"))
        } else {
            self.missing().to_owned()
        }
    }

    /// A plain number in three digits, for columns whose title says the unit.
    pub fn plain(self, value: f64) -> String {
        self.value(Dim::Ratio, value)
    }

    /// A count.
    pub fn count(self, n: usize) -> String {
        self.value(Dim::Count, n as f64)
    }

    fn parts(self, dim: Dim, unit: &str, base: f64) -> Parts {
        // A count or ratio with a unit of its own (hours, tokens/s) is written like a count.
        let own = matches!(dim, Dim::Count | Dim::Ratio) && !unit.is_empty();
        let base = if base.abs() < f64::MIN_POSITIVE { 0.0 } else { base };
        // A duration is written in the unit that its figure is declared in: days of training stay days.
        if dim == Dim::Time
            && base.is_finite()
            && let Some(u) = units_of(dim).find(|u| u.symbol == unit)
        {
            let number = self.number(&significant(base / u.factor, 3));
            return Parts { number, unit: self.unit(unit), factor: Some(u.factor), ..Parts::default() };
        }
        // Hours come in millions, where a count of things would still be written out.
        let text = if own && (1e6..1e9).contains(&base.abs()) {
            format!("{} M", significant(base / 1e6, 3))
        } else {
            show(if own { Dim::Count } else { dim }, base)
        };
        let mut parts = self.split(&text, if own { Dim::Count } else { dim });
        if own {
            parts.unit = self.unit(unit);
        }
        parts
    }

    fn split(self, text: &str, dim: Dim) -> Parts {
        let whole = |number: &str| Parts { number: number.to_owned(), ..Parts::default() };
        if text == "n/a" {
            return whole(self.missing());
        }
        if dim == Dim::Date {
            return whole(text);
        }
        let (currency, rest) = match text.strip_prefix("EUR ") {
            Some(rest) => ("EUR", rest),
            None => ("", text),
        };
        let end = rest
            .char_indices()
            .find(|(i, c)| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-') || (*c == 'e' && *i > 0)))
            .map_or(rest.len(), |(i, _)| i);
        let (number, tail) = rest.split_at(end);
        let tail = tail.trim_start();
        let scaled = matches!(dim, Dim::Count | Dim::H100e) || dim.is_money();
        let word_end = tail.find([' ', '/']).unwrap_or(tail.len());
        let (word, after) = tail.split_at(word_end);
        let scale = if scaled { self.messages.find(&format!("scale.{word}")) } else { None };
        let (scale, unit) = match scale {
            Some(scale) => (scale.to_owned(), after.trim_start().to_owned()),
            None => (String::new(), tail.to_owned()),
        };
        let factor = if scale.is_empty() {
            units_of(dim).find(|u| u.symbol == unit).map(|u| u.factor)
        } else {
            // Only whole scales of money and counts: in a price per power the word belongs to the unit.
            SCALES
                .iter()
                .find(|s| s.0 == word && matches!(dim, Dim::Money | Dim::Count | Dim::H100e))
                .map(|s| s.1)
        };
        let unit = if dim == Dim::Time { self.unit(&unit) } else { unit };
        Parts { currency: currency.to_owned(), number: self.number(number), scale, unit, factor }
    }

    /// Units that are words; symbols are the same in all languages.
    fn unit(self, symbol: &str) -> String {
        let key = match symbol {
            "d" => "unit.days",
            "months" => "unit.months",
            "years" => "unit.years",
            "tokens/s" => "unit.tokens_per_second",
            other => return other.to_owned(),
        };
        self.messages.say(key).to_owned()
    }

    fn number(self, english: &str) -> String {
        let (group, point) = match self.messages.language {
            Language::En => (",", "."),
            Language::De => (".", ","),
            // Narrow no-break space, as the Imprimerie nationale wants it.
            Language::Fr => ("\u{202f}", ","),
        };
        let (whole, decimals) = english.split_once('.').map_or((english, None), |(w, d)| (w, Some(d)));
        let digits = whole.bytes().filter(u8::is_ascii_digit).count();
        let mut out = String::with_capacity(english.len() + 8);
        let mut left = digits;
        // An exponent is no number to be grouped.
        let plain = !english.contains('e');
        for c in whole.chars().filter(|c| *c != ',') {
            if plain && c.is_ascii_digit() {
                if left < digits && left.is_multiple_of(3) {
                    out.push_str(group);
                }
                left -= 1;
            }
            out.push(c);
        }
        if let Some(decimals) = decimals {
            out.push_str(point);
            out.push_str(decimals);
        }
        out
    }

    fn join(self, p: &Parts) -> String {
        let scaled = if p.scale.is_empty() { p.number.clone() } else { format!("{} {}", p.number, p.scale) };
        if p.currency.is_empty() {
            return if p.unit.is_empty() { scaled } else { format!("{scaled}{}{}", gap(&p.unit), p.unit) };
        }
        match self.messages.language {
            Language::En => format!("{} {scaled}{}", p.currency, p.unit),
            Language::Fr | Language::De => format!("{scaled} {}{}", p.currency, p.unit),
        }
    }
}

fn gap(unit: &str) -> &'static str {
    if unit.starts_with('°') && unit.chars().count() == 1 { "" } else { " " }
}

fn same_unit(a: &Parts, b: &Parts) -> bool {
    a.currency == b.currency && a.scale == b.scale && a.unit == b.unit
}

/// A dash between positive numbers; dots where a minus would be read as part of it.
fn sign_between(a: f64, b: f64) -> &'static str {
    if a < 0.0 || b < 0.0 { "…" } else { "–" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_all(dim: Dim, base: f64) -> [String; 3] {
        [Language::En, Language::De, Language::Fr].map(|l| Figures::new(&Messages::of(l)).value(dim, base))
    }

    #[test]
    fn languages_write_figures_their_own_way() {
        assert_eq!(in_all(Dim::Money, 3.7e9), ["EUR 3.70 bn", "3,70 Mrd. EUR", "3,70 Md EUR"]);
        assert_eq!(in_all(Dim::EnergyPrice, 42.0 / 3.6e9), ["EUR 42.0/MWh", "42,0 EUR/MWh", "42,0 EUR/MWh"]);
        assert_eq!(in_all(Dim::Count, 100_080.0), ["100,080", "100.080", "100\u{202f}080"]);
        assert_eq!(in_all(Dim::Time, 36_817_000.0), ["14.0 months", "14,0 Monate", "14,0 mois"]);
        assert_eq!(in_all(Dim::Share, 0.123), ["12.3 %", "12,3 %", "12,3 %"]);
        assert_eq!(in_all(Dim::Power, 150e6), ["150 MW", "150 MW", "150 MW"]);
        assert_eq!(in_all(Dim::Date, 21_366.0), ["2028-07", "2028-07", "2028-07"]);
        assert_eq!(in_all(Dim::PowerPrice, 9.5), ["EUR 9.50 m/MW", "9,50 Mio. EUR/MW", "9,50 M EUR/MW"]);
        assert_eq!(in_all(Dim::H100e, 1.2e7), ["12.0 M H100e", "12,0 Mio. H100e", "12,0 M H100e"]);
        assert_eq!(in_all(Dim::Power, f64::NAN)[0], "n/a");
        assert_eq!(in_all(Dim::Length, 5_355_000.0), ["5,355 km", "5.355 km", "5\u{202f}355 km"]);
        assert_eq!(in_all(Dim::Share, -12.345)[0], "-1,234 %");
    }

    fn metric(id: &str, value: f64, p10: f64, p90: f64) -> Metric {
        let mut metric = crate::fixture::metric(id, Some(value));
        metric.band = Some(Band { p10, p50: value, p90 });
        metric
    }

    #[test]
    fn bands_share_the_unit_where_they_can() {
        let m = Messages::of(Language::En);
        let f = Figures::new(&m);
        assert_eq!(f.band(&metric("site.it_power", 150e6, 140e6, 160e6)), "[140–160]");
        assert_eq!(f.band(&metric("cost.capex_total", 1.1e9, 0.9e9, 1.3e9)), "[0.900–1.30]");
        assert_eq!(f.band(&metric("cost.capex_total", 1.1e9, 0.9e7, 1.3e9)), "[EUR 9.00 m–EUR 1.30 bn]");
        assert_eq!(f.metric(&metric("training.x.days", 123.0 * 86_400.0, 1.0, 2.0)), "123 days");
        assert_eq!(f.band(&metric("finance.irr_equity", 0.02, -0.03, 0.08)), "[-3.00…8.00]");
        assert_eq!(f.band(&metric("site.it_power", 150e6, 150e6, 150e6)), "");
        assert_eq!(f.metric(&metric("serving.x.tokens_per_second", 123_456.0, 1.0, 2.0)), "123,456 tokens/s");
        let hours = metric("state.cz.hours", 6_496_493.0, 6_316_798.0, 6_487_776.0);
        assert_eq!(format!("{} {}", f.metric(&hours), f.band(&hours)), "6.50 M h [6.32–6.49]");
    }

    #[test]
    fn ranges_keep_the_currency_in_its_place() {
        let (en, de) = (Messages::of(Language::En), Messages::of(Language::De));
        assert_eq!(Figures::new(&en).range(Dim::HourPrice, "", 1.7, 3.0), "EUR 1.70–3.00/h");
        assert_eq!(Figures::new(&de).range(Dim::HourPrice, "", 1.7, 3.0), "1,70–3,00 EUR/h");
    }
}
