//! Text in columns: widths as a terminal counts them, wrapping, tables.

use unicode_width::UnicodeWidthStr;

/// Columns of a page: what fits a terminal that nobody has widened, and a mail.
pub const PAGE: usize = 80;

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Fills up with blanks on the right.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Fills up with blanks on the left.
pub fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Breaks at blanks. A word longer than the line stands alone on its own.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Joins segments with a middle dot, breaking between segments where it can and inside them where it must.
pub fn flow(segments: &[String], columns: usize) -> Vec<String> {
    const DOT: &str = " · ";
    // Every line but the last ends in a dot, so that a break is not read as the end.
    const ROOM: usize = 2;
    let segments: Vec<&String> = segments.iter().filter(|s| !s.is_empty()).collect();
    let mut lines: Vec<String> = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let limit = if i + 1 == segments.len() { columns } else { columns.saturating_sub(ROOM) };
        match lines.last_mut() {
            Some(line) if width(line) + width(DOT) + width(segment) <= limit => {
                line.push_str(DOT);
                line.push_str(segment);
                continue;
            }
            Some(line) => line.push_str(" ·"),
            None => {}
        }
        lines.extend(wrap(segment, limit));
    }
    lines
}

/// How a column of a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table without rules: two blanks between columns, indented by two.
pub fn table(sides: &[Side], rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| width(t)).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (c, text) in row.iter().enumerate() {
            line.push(' ');
            if c > 0 {
                line.push(' ');
            }
            match sides.get(c) {
                Some(Side::Right) => line.push_str(&pad_left(text, widths[c])),
                _ => line.push_str(&pad(text, widths[c])),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_inside() {
        let segments: Vec<String> =
            ["a short one", "a segment that is itself longer than the line it should fit", "end", "x"]
                .map(str::to_owned)
                .to_vec();
        let lines = flow(&segments, 30);
        assert!(lines.iter().all(|l| width(l) <= 30), "{lines:?}");
        let words =
            |t: &str| t.split_whitespace().filter(|w| *w != "·").map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&lines.join(" ")), words(&segments.join(" ")), "no word is lost");
    }

    #[test]
    fn nothing_gives_an_empty_line() {
        assert_eq!(wrap("", 10), [""]);
        assert!(flow(&[], 10).is_empty());
    }

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["é".to_owned(), "1".to_owned()], vec!["abc".to_owned(), "100".to_owned()]];
        assert_eq!(table(&[Side::Left, Side::Right], &rows), "  é      1\n  abc  100\n");
    }
}
