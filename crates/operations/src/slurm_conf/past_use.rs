//! What accounts used before a workload begins, from a dump of `sshare`.

use std::collections::BTreeMap;

use super::database::{DumpError, ROW, TOP, table};
use crate::job::Job;
use crate::share::ShareTree;
use crate::trace::{LeftOut, Recorded};

/// Use of accounts as Slurm weighs it: seconds times `billing`, faded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PastUse {
    /// By account: what its row says, and what those of its users sum to, where there are any.
    accounts: BTreeMap<String, (f64, Option<f64>)>,
    /// Rows that do not count.
    pub left_out: Vec<LeftOut>,
}

/// Reads `sshare -P -a -o Account,User,RawUsage`.
///
/// # Errors
/// Where a column is missing or no row has a use.
pub fn read_past_use(text: &str) -> Result<PastUse, DumpError> {
    const HINT: &str = "sshare -P -a -o Account,User,RawUsage > sshare.txt";
    let (head, rows) = table(text, &["account", "user", "rawusage"], HINT)?;
    let mut found = PastUse::default();
    for (line, fields) in rows {
        let get =
            |column: &str| head.get(column).and_then(|i| fields.get(*i)).copied().unwrap_or_default().trim();
        let (account, user, raw) = (get("account"), get("user"), get("rawusage"));
        let used = raw.parse::<f64>().ok().filter(|u| u.is_finite() && *u >= 0.0);
        let (Some(used), false) = (used, account.is_empty()) else {
            let raw: String = raw.chars().take(40).collect();
            let reason = format!("account `{account}`: `{raw}` is no use");
            found.left_out.push(LeftOut { line, code: ROW, reason });
            continue;
        };
        let entry = found.accounts.entry(account.to_owned()).or_default();
        if user.is_empty() {
            entry.0 = used;
        } else {
            *entry.1.get_or_insert(0.0) += used;
        }
    }
    if found.accounts.is_empty() {
        let message = "the dump says of no account what it used".to_owned();
        return Err(DumpError { code: super::database::UNKNOWN, message, hint: HINT });
    }
    Ok(found)
}

impl PastUse {
    /// Use of each account of the tree, in accelerator-seconds of which each counts for so much `billing`; and accounts of the dump that the
    /// tree does not have.
    pub fn of(&self, tree: &ShareTree, billing: f64) -> (Vec<f64>, Vec<&str>) {
        let accounts = tree.accounts();
        let mut used = vec![0.0; accounts.len()];
        for &leaf in tree.leaves() {
            let name = accounts[leaf as usize].name.as_str();
            // Users beside accounts have a leaf of their own.
            let base = name.strip_suffix(" itself");
            let Some(&(whole, users)) = self.accounts.get(base.unwrap_or(name)) else { continue };
            let below = || -> f64 {
                let parent = accounts[leaf as usize].parent;
                let siblings = accounts.iter().filter(|a| a.parent == parent && a.name != name);
                siblings.filter_map(|a| self.accounts.get(&a.name)).map(|u| u.0).sum()
            };
            let own = users.unwrap_or_else(|| if base.is_some() { whole - below() } else { whole });
            used[leaf as usize] = own.max(0.0) / billing;
        }
        let strangers = self.accounts.keys().map(String::as_str);
        (used, strangers.filter(|a| *a != TOP && tree.find(a).is_none()).collect())
    }
}

/// What a second on one accelerator counts for by the weights of the accounting: the mean over a workload, where its dump says it.
pub fn billing_per_unit(
    jobs: &[Job],
    recorded: &[Recorded],
    units: impl Fn(usize, &Job) -> i64,
) -> Option<f64> {
    let (mut billed, mut held) = (0.0, 0.0);
    for (i, (job, recorded)) in jobs.iter().zip(recorded).enumerate() {
        if let Some(billing) = recorded.billing {
            billed += f64::from(billing) * job.runtime as f64;
            held += (units(i, job) * job.runtime) as f64;
        }
    }
    (billed > 0.0 && held > 0.0).then(|| billed / held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Multifactor, Order, Policy};
    use crate::share::Account;
    use crate::site::{Settings, Site};

    fn tree() -> ShareTree {
        let account = |name: &str, parent| Account { name: name.into(), parent, shares: 1.0 };
        ShareTree::new(vec![
            account("a", None),
            account("b", None),
            account("b1", Some(1)),
            account("b itself", Some(1)),
        ])
        .expect("a tree")
    }

    #[test]
    fn use_goes_to_leaves() {
        let text = "Account|User|RawUsage\nroot||900\n a||300\n a|ada|200\n a|bob|100\n b||600\n  b1||250\n gone||1\n odd||x\n";
        let found = read_past_use(text).expect("a dump");
        // Of `b` only what `b1` did not use is its own users'; eight of the weight are one accelerator.
        let tree = tree();
        let (used, strangers) = found.of(&tree, 8.0);
        assert_eq!(used, [300.0 / 8.0, 0.0, 250.0 / 8.0, 350.0 / 8.0]);
        assert_eq!((strangers, found.left_out[0].line), (vec!["gone"], 9));
        assert!(
            read_past_use("Account|User\n").is_err() && read_past_use("Account|User|RawUsage\n").is_err()
        );
    }

    #[test]
    fn past_use_fades_by_its_half_life_until_the_other_account_goes_first() {
        // One node, two accounts with equal shares. `a` used 6,400 s before; `b` holds the node from the start, for as long as each of its jobs
        // lasts. Priorities are worked out each second and use halves every 1,000 s.
        let account = |name: &str| Account { name: name.into(), parent: None, shares: 1.0 };
        let shares = ShareTree::new(vec![account("a"), account("b")]).expect("a tree");
        let order = Order::Multifactor(Multifactor {
            age: 0.0,
            qos: 0.0,
            half_life: 1_000,
            calc_period: 1,
            ..Multifactor::default()
        });
        let job = |id, submit, tenant| Job { tenant, ..Job::nodes(id, submit, 100, 100, 1) };
        // Both want the node for ever, `a` first in the line.
        let mut jobs: Vec<Job> = (0..60).flat_map(|i| [job(2 * i, 0, 0), job(2 * i + 1, 0, 1)]).collect();
        jobs.sort_by_key(|j| (j.submit, j.id));
        let first_of_a = |before: Vec<f64>| {
            let site = Site { shares: shares.clone(), past_use: before, ..Site::flat(1, 1) };
            let settings = Settings { order, ..Settings::new(Policy::Fcfs) };
            let run = crate::simulate(&site, &jobs, &settings).expect("a run");
            let of_a = run.jobs.iter().zip(&jobs).filter(|(_, j)| j.tenant == 0).map(|(r, _)| r.start);
            of_a.min()
        };
        // By hand: after t seconds `a` stands at 6,400 · 2^(−t/1,000), `b` at 1,000/ln 2 · (1 − 2^(−t/1,000)). They meet where 2^(−t/1,000) =
        // 1,442.7 / 7,842.7, at 2,442.6 s; jobs end every 100 s, so `a` has its first start at 2,500 s.
        assert_eq!(first_of_a(vec![6_400.0, 0.0]), Some(2_500));
        // Without it the first in the line goes first.
        assert_eq!(first_of_a(Vec::new()), Some(0));
    }

    #[test]
    fn the_weight_of_an_accelerator_is_that_of_the_jobs() {
        let jobs = [Job::nodes(1, 0, 100, 100, 2), Job::nodes(2, 0, 300, 300, 1)];
        let of = |billing| Recorded { billing, ..Recorded::default() };
        let units = |_: usize, j: &Job| match j.size {
            crate::Size::Nodes(n) | crate::Size::Gpus(n) => 8 * i64::from(n),
        };
        let recorded = [of(Some(128)), of(Some(64))];
        assert_eq!(billing_per_unit(&jobs, &recorded, units), Some(8.0));
        assert_eq!(billing_per_unit(&jobs, &[of(None), of(None)], units), None);
    }
}
