//! The Mooncake traces (kvcache-ai/Mooncake, FAST'25): one JSON object per line, with identities of prompt blocks.

use serde::Deserialize;

use super::{FaultKind, Sheet};

/// Tokens of one block that `hash_ids` names.
pub(super) const BLOCK: u32 = 512;

#[derive(Deserialize)]
struct Row {
    timestamp: Option<f64>,
    input_length: Option<f64>,
    output_length: Option<f64>,
    #[serde(default)]
    hash_ids: Vec<u64>,
}

pub(super) fn read(text: &str, sheet: &mut Sheet) {
    for (i, line) in text.lines().enumerate() {
        if sheet.full() {
            break;
        }
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            continue;
        }
        match serde_json::from_str::<Row>(line) {
            Ok(row) => {
                let at = row.timestamp.map(|ms| ms / 1000.0);
                sheet.row(i + 1, at, row.input_length, row.output_length, &row.hash_ids);
            }
            Err(_) => {
                sheet.faults.add(i + 1, FaultKind::Row);
                sheet.rows += 1;
            }
        }
    }
}
