//! Cells of delimited text.

/// Cells of one line, quotes taken off and doubled quotes undone. Quoted cells do not run over lines in any format read here.
pub(crate) fn cells(line: &str, delimiter: char) -> Vec<String> {
    let mut out = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = line.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => out.push(std::mem::take(&mut cell).trim().to_owned()),
            c => cell.push(c),
        }
    }
    out.push(cell.trim().to_owned());
    out
}

/// Lines with their numbers, from one; a mark of byte order at the start is taken off.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.trim_start_matches('\u{feff}').lines().enumerate().map(|(i, l)| (i + 1, l))
}

/// A number in English notation, finite.
pub(crate) fn number(cell: &str) -> Option<f64> {
    cell.trim().parse::<f64>().ok().filter(|v| v.is_finite())
}

/// A number in the notation of the file: a decimal comma and dots between thousands, or the English way.
pub(crate) fn number_in(cell: &str, comma: bool) -> Option<f64> {
    let cell = cell.trim().replace('\u{2212}', "-");
    if comma {
        number(&cell.replace(['.', '\u{a0}', ' '], "").replace(',', "."))
    } else {
        number(&cell.replace(',', ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_delimiters() {
        assert_eq!(cells("\"a,b\",c,\"d\"\"e\"\r", ','), ["a,b", "c", "d\"e"]);
        assert_eq!(cells("", ';'), [""]);
    }

    #[test]
    fn numbers_in_both_notations() {
        assert_eq!(number_in("-1.234,56", true), Some(-1234.56));
        assert_eq!(number_in("1,234.56", false), Some(1234.56));
        assert_eq!(number_in("NaN", false), None);
        assert_eq!(number_in("\u{2212}5,17", true), Some(-5.17));
    }
}
