//! Numbers as tables of measurements write them.

/// The number that a text begins with, such as `16 nodes` or `>=16`.
pub(super) fn leading_number(text: &str) -> Option<u32> {
    let digits: String =
        text.trim_start_matches(['>', '=', '~', ' ']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Bytes: a number, or one with K, M or G of powers of two; "large" is a size at which bandwidth no longer grows.
pub(super) fn size_of(text: &str) -> Option<f64> {
    let text = text.trim();
    if text == "large" {
        return Some(16.0 * f64::from(1u32 << 30));
    }
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let factor = match text[number.len()..].trim().chars().next().map(|c| c.to_ascii_uppercase()) {
        None | Some('B') => 1.0,
        Some('K') => 1024.0,
        Some('M') => 1_048_576.0,
        Some('G') => f64::from(1u32 << 30),
        Some(_) => return None,
    };
    number.parse::<f64>().ok().map(|n| n * factor)
}

/// Rate of the NICs of one accelerator in Gb/s from the words of a table: `8x400G`, `NDR`, `RoCE 200G`. `None` where
/// the words do not say.
pub(super) fn nic_of(text: &str, per_node: u32) -> Option<f64> {
    for word in text.split([' ', ',', '/', '(', ')']) {
        let Some(rate) = word.strip_suffix("GbE").or(word.strip_suffix("Gbps")).or(word.strip_suffix('G'))
        else {
            continue;
        };
        match rate.split_once('x') {
            Some((n, each)) => {
                if let (Ok(n), Ok(each)) = (n.parse::<f64>(), each.parse::<f64>()) {
                    return Some(n * each / f64::from(per_node.max(1)));
                }
            }
            None => {
                if let Ok(each) = rate.parse() {
                    return Some(each);
                }
            }
        }
    }
    [("NDR200", 200.0), ("HDR100", 100.0), ("XDR", 800.0), ("NDR", 400.0), ("HDR", 200.0), ("EDR", 100.0)]
        .into_iter()
        .find(|(word, _)| text.contains(word))
        .map(|(_, rate)| rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_tables() {
        assert_eq!(
            (leading_number("1 rack"), leading_number(">=16"), leading_number("many")),
            (Some(1), Some(16), None)
        );
        assert_eq!(
            (size_of("65K"), size_of("1 GB"), size_of("1024")),
            (Some(66_560.0), Some(1_073_741_824.0), Some(1024.0))
        );
        assert_eq!((size_of(""), size_of("huge"), size_of("large")), (None, None, Some(17_179_869_184.0)));
        assert_eq!(nic_of("RoCE 8x400G", 8), Some(400.0));
        assert_eq!(nic_of("EFA v2 32x100G", 8), Some(400.0));
        assert_eq!(nic_of("400G NDR/RoCE per NIC", 8), Some(400.0));
        assert_eq!(
            (nic_of("IB HDR", 8), nic_of("IB", 8), nic_of("NVLink5 NVL72", 72)),
            (Some(200.0), None, None)
        );
    }
}
