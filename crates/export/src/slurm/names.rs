//! Names and compressed ranges of nodes.

/// A name of lower-case letters, digits and hyphens, as hosts, accounts and partitions have them; never empty, never a digit first.
pub fn ascii(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            c if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            // A letter of another script keeps names apart.
            c if c.is_alphanumeric() => out.push_str(&format!("{:x}", u32::from(c))),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let out = out.trim_end_matches('-');
    match out.chars().next() {
        None => "x".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("x{out}"),
        Some(_) => out.to_owned(),
    }
}

/// `prefix[0001-0018]`, numbers as wide as the largest of the partition, or one name.
pub fn range(prefix: &str, first: u32, last: u32, largest: u32) -> String {
    let width = largest.to_string().len();
    if first == last {
        format!("{prefix}{first:0width$}")
    } else {
        format!("{prefix}[{first:0width$}-{last:0width$}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts() {
        assert_eq!(ascii("Große Läufe"), "grosse-laeufe");
        assert_eq!(ascii("400b"), "x400b");
        assert_eq!(ascii("--"), "x");
        assert_ne!(ascii("α"), ascii("β"));
    }

    #[test]
    fn ranges_keep_their_width() {
        assert_eq!(range("train-", 1, 18, 5004), "train-[0001-0018]");
        assert_eq!(range("train-", 5004, 5004, 5004), "train-5004");
        assert_eq!(range("a-", 1, 1, 1), "a-1");
    }
}
