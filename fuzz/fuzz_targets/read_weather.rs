//! Any text as a weather file: hours, or coded faults with a hint in lines of the file.
#![no_main]

use gigatwin_series::read_weather;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match read_weather(text) {
        Ok(year) => assert!(!year.hours.is_empty()),
        Err(faults) => {
            assert!(!faults.0.is_empty());
            for fault in faults.0 {
                assert!(fault.code.starts_with("G54") && !fault.hint.is_empty(), "{fault:?}");
                assert!(fault.line <= text.lines().count() + 1, "{fault:?}");
            }
        }
    }
});
