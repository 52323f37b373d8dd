//! Cells of a table by column, under the names of the shipped table or of the raw one, and numbers that carry words.

use std::collections::BTreeMap;

/// Columns that go by two names: that of `validation/training.csv`, and that of a raw collection of published figures.
const OTHER_NAMES: [(&str, &str); 11] = [
    ("ffn", "ffn_hidden"),
    ("experts_active", "topk"),
    ("network_gbit_per_s", "internode_net"),
    ("chips", "num_gpus"),
    ("global_batch", "global_batch_seqs"),
    ("sequence", "seq_len"),
    ("zero", "zero_stage"),
    ("tokens_per_s_per_chip", "tokens_per_s_per_gpu"),
    ("expert_ffn", "moe_ffn_hidden"),
    ("domain", "scaleup_domain"),
    ("node", "gpus_per_node"),
];

/// Position of every column, other names translated.
pub(super) fn columns(headers: &csv::StringRecord) -> BTreeMap<String, usize> {
    let mut columns: BTreeMap<String, usize> = BTreeMap::new();
    for (i, header) in headers.iter().enumerate() {
        let header = header.trim_start_matches('\u{feff}').trim().to_lowercase();
        let name =
            OTHER_NAMES.iter().find(|(_, raw)| *raw == header).map_or(header.as_str(), |(ours, _)| ours);
        columns.entry(name.to_owned()).or_insert(i);
    }
    columns
}

/// One record.
pub(super) struct Fields<'a> {
    pub columns: &'a BTreeMap<String, usize>,
    pub record: &'a csv::StringRecord,
}

/// Words that stand for an unstated value.
fn unstated(text: &str) -> bool {
    matches!(
        text.to_lowercase().as_str(),
        "" | "-" | "–" | "?" | "n/a" | "na" | "nan" | "none stated" | "unknown" | "not stated" | "null"
    )
}

impl Fields<'_> {
    /// The cell, empty where the column or the value is missing or says that it is not known.
    pub fn text(&self, column: &str) -> &str {
        let text = self.columns.get(column).and_then(|&i| self.record.get(i)).map_or("", str::trim);
        if unstated(text) { "" } else { text }
    }

    /// The number at the head of a cell ("12 (yaml default)" is 12, "1,024" is 1024); none where there is none.
    pub fn number(&self, column: &str) -> Option<f64> {
        leading_number(self.text(column)).filter(|v| v.is_finite())
    }

    /// A whole number from one to 2³² − 1, or zero.
    pub fn whole(&self, column: &str) -> Option<u32> {
        let v = self.number(column)?;
        (v >= 0.0 && v <= f64::from(u32::MAX) && v.fract() == 0.0).then_some(v as u32)
    }

    /// A whole number of at least one.
    pub fn count(&self, column: &str) -> Option<u32> {
        self.whole(column).filter(|v| *v > 0)
    }

    /// A positive measurement.
    pub fn measured(&self, column: &str) -> Option<f64> {
        self.number(column).filter(|v| *v > 0.0)
    }
}

/// Number that a text begins with, thousands separators skipped.
pub(super) fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start_matches(['~', '≈']).trim_start();
    let bytes = text.as_bytes();
    let mut digits = String::new();
    for (i, b) in bytes.iter().enumerate() {
        match b {
            b'0'..=b'9' | b'.' => digits.push(*b as char),
            b'-' | b'+' if i == 0 => digits.push(*b as char),
            b'e' | b'E'
                if digits.bytes().any(|d| d.is_ascii_digit())
                    && bytes.get(i + 1).is_some_and(|n| n.is_ascii_digit() || *n == b'-' || *n == b'+') =>
            {
                return text.split_whitespace().next().and_then(|word| word.parse().ok());
            }
            b',' if bytes.get(i + 1).is_some_and(u8::is_ascii_digit) => {}
            _ => break,
        }
    }
    digits.parse().ok()
}

/// First number in a text that follows (`before` false) or stands before `word`.
pub(super) fn number_near(text: &str, word: &str, before: bool) -> Option<u32> {
    let lower = text.to_lowercase();
    let at = lower.find(word)?;
    if before {
        let head = lower.get(..at)?.trim_end();
        let digits: String = head.chars().rev().take_while(char::is_ascii_digit).collect();
        return digits.chars().rev().collect::<String>().parse().ok();
    }
    let tail = lower.get(at + word.len()..)?;
    let digits: String =
        tail.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{leading_number, number_near};

    #[test]
    fn numbers_may_carry_words() {
        assert_eq!(leading_number("12 (yaml default)"), Some(12.0));
        assert_eq!(leading_number("1,024"), Some(1024.0));
        assert_eq!(leading_number("1.5e3"), Some(1500.0));
        assert_eq!(leading_number("see recipe"), None);
        assert_eq!(leading_number(">1"), None);
        assert_eq!(number_near("moe_ffn 2048; 1 shared", "moe_ffn", false), Some(2048));
        assert_eq!(number_near("moe_ffn 2048; 1 shared", "shared", true), Some(1));
    }
}
