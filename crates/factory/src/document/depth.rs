//! How deep a text nests, found before it is parsed: parsing, converting and dropping all recurse, and each level of
//! brackets may carry a dotted key of its own.

/// Levels (brackets and dots of keys together) beyond what any factory file needs.
pub(super) const DEEPEST: usize = 32;

/// Place of the first bracket or dot that nests deeper than [`DEEPEST`]. Texts and comments do not count; they are told
/// apart as the parser's own lexer does, so that a stray quote cannot hide brackets from this scan.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // Dots seen in the current key or value of each open bracket; the first is the top level.
    let mut dots = vec![0_usize];
    let mut total = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let token = at;
        at += 1;
        match byte {
            b'"' | b'\'' => at = end_of_text(bytes, token, byte),
            b'#' => at = find(bytes, at, |b| matches!(b, b'\r' | b'\n')),
            b'[' | b'{' => dots.push(0),
            b']' | b'}' if dots.len() > 1 => total -= dots.pop().unwrap_or(0),
            b',' | b'\n' => {
                if let Some(top) = dots.last_mut() {
                    total -= std::mem::take(top);
                }
            }
            b'.' => {
                if let Some(top) = dots.last_mut() {
                    *top += 1;
                    total += 1;
                }
            }
            b']' | b'}' | b'=' | b' ' | b'\t' | b'\r' => {}
            // A bare word; quotes in its middle belong to it.
            _ => at = find(bytes, at, |b| b".=,[]{} \t#\r\n".contains(&b)),
        }
        if dots.len() - 1 + total > DEEPEST {
            return Some(token);
        }
    }
    None
}

/// First position from `at` on whose byte is wanted; the end without any.
fn find(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(at).position(|b| wanted(*b)).map_or(bytes.len(), |n| at + n)
}

/// One past the text that starts at `start` with `quote`. A single-line text ends with its line at the latest.
fn end_of_text(bytes: &[u8], start: usize, quote: u8) -> usize {
    let long = bytes.get(start..start + 3) == Some(&[quote; 3][..]);
    let mut at = start + if long { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'"' {
            at += if matches!(bytes.get(at + 1), Some(b'\\' | b'"')) { 2 } else { 1 };
        } else if !long && byte == b'\n' {
            return at;
        } else if !long && byte == quote {
            return at + 1;
        } else if long && bytes.get(at..at + 3) == Some(&[quote; 3][..]) {
            at += 3;
            // Up to two more quotes belong to the text itself.
            return at + bytes.iter().skip(at).take(2).take_while(|b| **b == quote).count();
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_files_pass() {
        for text in [
            "a.b.c = [1.5, 2.5, 3.5]\n[x.y]\nk = { low = 1.0, high = 2.0 }\n",
            "# [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
            "a = \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
            "a = \"\"\"\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n\"\"\"",
            "a = \"........................................................\"",
            "",
            "\"",
            "]]]]]]",
        ] {
            assert_eq!(too_deep(text), None, "{text}");
        }
        let long = "x = 1.5\n".repeat(1000);
        assert_eq!(too_deep(&long), None);
    }

    #[test]
    fn nesting_is_seen_behind_every_kind_of_quote() {
        let deep = "[".repeat(DEEPEST + 2);
        for before in [
            "a = ",
            "a = [\"\\\"\", ",
            "a = ['\"', ",
            "a = [\"\"\"x\"\"\"\", ",
            "a = [\"\"\"\n\"\"\", ",
            "a\"b = ",
            "# \"\na = ",
        ] {
            assert!(too_deep(&format!("{before}{deep}")).is_some(), "{before}");
        }
    }

    #[test]
    fn dots_and_brackets_add_up() {
        let dotted = format!("{} = 1", ["a"; DEEPEST + 2].join("."));
        assert!(too_deep(&dotted).is_some());
        let step = format!("{} = {{ ", ["a"; 8].join("."));
        assert!(too_deep(&step.repeat(5)).is_some());
    }
}
