//! Any text as a file of day-ahead prices, on each clock: prices, or coded faults with a hint in lines of the file.
#![no_main]

use gigatwin_series::{Clock, Wanted, read_prices};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for clock in [Clock::Western, Clock::Central, Clock::Eastern] {
        match read_prices(text, &Wanted { zone: Some("DE-LU".to_owned()), clock }) {
            Ok(year) => assert!(!year.hours.is_empty() && year.hours.iter().all(|p| p.is_finite())),
            Err(faults) => {
                assert!(!faults.0.is_empty());
                for fault in faults.0 {
                    assert!(fault.code.starts_with("G54") && !fault.hint.is_empty(), "{fault:?}");
                    assert!(fault.line <= text.lines().count() + 1, "{fault:?}");
                }
            }
        }
    }
});
