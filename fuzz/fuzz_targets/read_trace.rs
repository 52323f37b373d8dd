//! Any text as a workload trace, in each form: a workload whose jobs can be run and whose links point into it, or a coded fault; every
//! row that is left out has a code and a reason; and what was read runs, with no job lost.
#![no_main]

use gigatwin_operations::{Format, Layout, Policy, Settings, Site, read_trace, simulate_linked};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Format::guess(text);
    for (_, format) in Format::ALL {
        match read_trace(text, format) {
            Err(fault) => assert!(fault.code.starts_with('G') && !fault.message.is_empty() && !fault.hint.is_empty()),
            Ok(trace) => {
                assert!(!trace.jobs.is_empty() && trace.jobs.len() == trace.recorded.len());
                assert!(trace.jobs.is_sorted_by_key(|j| j.submit));
                assert!(trace.left_out.iter().all(|l| l.code.starts_with('G') && !l.reason.is_empty()));
                let layout = Layout::flat(64, 8);
                if trace.jobs.iter().any(|j| layout.units(j.size) > layout.gpus() || j.limit > 1 << 40) {
                    continue;
                }
                let mut site = Site { shares: trace.flat_shares(), ..Site::new(layout) };
                site.qos = vec![gigatwin_operations::Qos::default(); trace.qos.len()];
                let settings = Settings::new(Policy::Easy);
                let outcome = simulate_linked(&site, &trace.jobs, &trace.links, &settings).expect("jobs that fit run");
                assert_eq!(outcome.jobs.len(), trace.jobs.len());
                assert!(outcome.jobs.iter().all(|r| r.end >= 0), "a job never ended");
            }
        }
    }
});
