//! Options whose numbers make no sense, all at once.

use super::not_understood;
use crate::args::operate::Operate;
use crate::exit::Fault;

/// Refuses them.
pub fn check(args: &Operate) -> Result<(), Fault> {
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    let mut between = |name: &str, value: Option<f64>, low: f64, high: f64| {
        if let Some(v) = value
            && !(v.is_finite() && v >= low && v <= high)
        {
            wrong.push(format!("--{name} {v} is outside {low} to {high}"));
        }
    };
    between("days", Some(args.days), 0.01, 3_660.0);
    between("load", args.load, 0.0, 10.0);
    between("warm-up", Some(args.warm_up), 0.0, 3_660.0);
    between("lemons", Some(args.lemons), 0.0, 1.0);
    between("job-failures", Some(args.job_failures), 0.0, 1_000.0);
    between("cap-sight", Some(args.cap_sight), 0.0, 8_760.0);
    between("patience", Some(args.patience), 0.0, 8_760.0);
    between("network-load", args.network_load, 0.0, 10.0);
    between("dataset", Some(args.dataset), 0.0, 1e6);
    between("link", Some(args.link), 1e-3, 1e6);
    for text in &args.speed {
        match text.split_once('=').and_then(|(_, r)| r.parse::<f64>().ok()) {
            Some(ratio) => between("speed", Some(ratio), 1e-3, 1e3),
            None => unread.push(format!("--speed {text} is no SITE=RATIO")),
        }
    }
    for factor in &args.scale_nodes {
        between("scale-nodes", Some(*factor), 0.001, 1_000.0);
    }
    wrong.append(&mut unread);
    let samples = args.days * 86_400.0 / args.sample as f64;
    if samples > 50e6 {
        wrong.push(format!("{samples:.0} samples are more than memory should hold"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(not_understood("G580", &wrong.join("; "), "gigatwin operate --help"))
    }
}
