//! Host lists as Slurm writes them: `n[1-64,80],login1`.

/// The most hosts a list may name: far above any cluster, so that a slip in a range is a fault and not a machine.
const MOST: u64 = 1_000_000;

/// Splits at commas that stand outside brackets.
pub(super) fn split(list: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut from, mut inside) = (Vec::new(), 0, false);
    for (i, c) in list.char_indices() {
        match c {
            '[' if inside => return Err(format!("`{list}` has a bracket within brackets")),
            '[' => inside = true,
            ']' if !inside => return Err(format!("`{list}` closes a bracket that was never opened")),
            ']' => inside = false,
            ',' if !inside => {
                parts.push(&list[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(format!("`{list}` leaves a bracket open"));
    }
    parts.push(&list[from..]);
    if parts.iter().any(|p| p.is_empty()) {
        return Err(format!("`{list}` names a host of no letters"));
    }
    Ok(parts)
}

/// Names of one range, `1-64,80`: its numbers keep their leading zeros.
fn range(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(from) || !digits(to) {
            return Err(format!("`{part}` is no range of numbers"));
        }
        let number = |s: &str| s.parse::<u64>().map_err(|_| format!("`{s}` is too long a number"));
        let (a, b) = (number(from)?, number(to)?);
        if b < a {
            return Err(format!("the range `{part}` runs backwards"));
        }
        if b - a >= MOST || out.len() as u64 + (b - a) >= MOST {
            return Err(format!("the range `{part}` names more than {MOST} hosts"));
        }
        out.extend((a..=b).map(|n| format!("{n:0width$}", width = from.len())));
    }
    Ok(out)
}

/// All hosts of a list, in its order.
pub(super) fn expand(list: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for part in split(list)? {
        let mut names = vec![String::new()];
        let mut rest = part;
        while let Some((before, after)) = rest.split_once('[') {
            let Some((inside, behind)) = after.split_once(']') else { break };
            let numbers = range(inside)?;
            if (names.len() * numbers.len()) as u64 > MOST {
                return Err(format!("`{part}` names more than {MOST} hosts"));
            }
            names =
                names.iter().flat_map(|n| numbers.iter().map(move |d| format!("{n}{before}{d}"))).collect();
            rest = behind;
        }
        if (all.len() + names.len()) as u64 > MOST {
            return Err(format!("`{list}` names more than {MOST} hosts"));
        }
        all.extend(names.into_iter().map(|n| n + rest));
    }
    Ok(all)
}
