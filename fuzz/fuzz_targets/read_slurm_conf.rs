//! Any text as a slurm.conf: a site with nodes, or a fault with its lines.
#![no_main]

use gigatwin_operations::read_slurm_conf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match read_slurm_conf(text) {
    Ok(conf) => {
        assert!(!conf.kinds.is_empty() && conf.kinds.iter().all(|k| k.nodes > 0));
        assert!(conf.left_out.iter().all(|l| l.line > 0 && !l.reason.is_empty()));
    }
    Err(fault) => assert!(!fault.message.is_empty()),
});
