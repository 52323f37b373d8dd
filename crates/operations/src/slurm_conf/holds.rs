//! Limits on what may be held at once, from the dumps of `sacctmgr`: `GrpTRES`, `GrpJobs` and the like of qualities of service and of associations.

use super::database::{DumpError, ROW, TOP, table};
use crate::limits::{Each, HoldLimit};
use crate::share::ShareTree;
use crate::trace::LeftOut;

/// A limit with the names of the dump.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DumpedLimit {
    /// Quality of service; none where it is an association's.
    pub qos: Option<String>,
    /// Account; none where all are meant.
    pub account: Option<String>,
    /// User; none where all are meant.
    pub user: Option<String>,
    /// What it allows, and to whom.
    pub limit: HoldLimit,
}

/// Limits of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DumpedLimits {
    /// In the order of the dump.
    pub limits: Vec<DumpedLimit>,
    /// Rows with a limit that cannot be read.
    pub left_out: Vec<LeftOut>,
    /// What is not enforced, for people.
    pub notes: Vec<String>,
}

/// What a list such as `cpu=64,gres/gpu=48,node=6` says.
#[derive(Default)]
struct Tres<'a> {
    accelerators: Option<i64>,
    nodes: Option<i64>,
    /// What else it speaks of.
    others: Vec<&'a str>,
}

fn tres(text: &str) -> Result<Tres<'_>, String> {
    let mut found = Tres::default();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let bad = || format!("`{}` is no TYPE=NUMBER", part.chars().take(40).collect::<String>());
        let (kind, number) = part.split_once('=').ok_or_else(bad)?;
        let slot = match kind {
            "gres/gpu" => &mut found.accelerators,
            "node" => &mut found.nodes,
            other => {
                found.others.push(other);
                continue;
            }
        };
        // Below zero a limit is cleared.
        *slot = Some(number.parse::<i64>().map_err(|_| bad())?).filter(|n| *n >= 0);
    }
    Ok(found)
}

impl DumpedLimits {
    /// Takes one pair of columns of a row.
    fn take(&mut self, line: usize, of: &DumpedLimit, each: Each, words: (&str, &str), values: (&str, &str)) {
        let who = of.qos.as_deref().or(of.user.as_deref()).or(of.account.as_deref()).unwrap_or(TOP);
        let mut add = |word: &str, limit: HoldLimit| {
            let name = format!("{who}: {word}");
            self.limits.push(DumpedLimit { limit: HoldLimit { name, each, ..limit }, ..of.clone() });
        };
        match tres(values.0) {
            Ok(Tres { accelerators, nodes, others }) => {
                if accelerators.is_some() || nodes.is_some() {
                    add(words.0, HoldLimit { accelerators, nodes, ..HoldLimit::default() });
                }
                if !others.is_empty() {
                    self.notes.push(format!(
                        "{who}: {} of {} is not enforced: accelerators, nodes and jobs are counted",
                        words.0,
                        others.join(", ")
                    ));
                }
            }
            Err(reason) => {
                let reason = format!("{who}: {} {reason}", words.0);
                self.left_out.push(LeftOut { line, code: ROW, reason });
            }
        }
        match values.1.trim().parse::<i64>() {
            Ok(n) if n >= 0 => {
                let jobs = u32::try_from(n).ok();
                self.limits.push(DumpedLimit {
                    limit: HoldLimit {
                        name: format!("{who}: {}", words.1),
                        each,
                        jobs,
                        ..HoldLimit::default()
                    },
                    ..of.clone()
                });
            }
            Err(_) if !values.1.trim().is_empty() => {
                let reason = format!(
                    "{who}: {} is `{}`, no number",
                    words.1,
                    values.1.chars().take(40).collect::<String>()
                );
                self.left_out.push(LeftOut { line, code: ROW, reason });
            }
            _ => {}
        }
    }

    /// Limits as the engine knows them. `qualities` are the names of the qualities of service, by their number in the jobs; users by theirs. A
    /// limit on an account, quality or user of which the workload has no job holds nobody back and is passed over.
    pub fn resolved(&self, tree: &ShareTree, qualities: &[&str], users: &[String]) -> Vec<HoldLimit> {
        let resolve = |l: &DumpedLimit| {
            let mut limit = l.limit.clone();
            if let Some(name) = &l.qos {
                limit.qos = (0u16..).zip(qualities).filter(|(_, q)| *q == name).map(|(i, _)| i).collect();
                if limit.qos.is_empty() {
                    return None;
                }
            }
            if let Some(name) = l.account.as_ref().filter(|a| *a != TOP) {
                limit.account = Some(tree.find(name)?);
            }
            if let Some(name) = &l.user {
                limit.user = Some(u32::try_from(users.iter().position(|u| u == name)?).ok()?);
            }
            Some(limit)
        };
        self.limits.iter().filter_map(resolve).collect()
    }
}

/// Limits in `sacctmgr -P show qos`: `GrpTRES`, `GrpJobs`, `MaxTRESPU`, `MaxJobsPU`, `MaxTRESPA`, `MaxJobsPA`, where the dump has them.
///
/// # Errors
/// Where the column `Name` is missing.
pub fn read_quality_limits(text: &str) -> Result<DumpedLimits, DumpError> {
    const HINT: &str = "sacctmgr -P show qos format=Name,Priority,GrpTRES,GrpJobs,MaxTRESPU,MaxJobsPU,MaxTRESPA,MaxJobsPA > qos.txt";
    let (head, rows) = table(text, &["name"], HINT)?;
    let mut found = DumpedLimits::default();
    for (line, fields) in rows {
        let get = |columns: &[&str]| -> &str {
            let at = columns.iter().find_map(|c| head.get(*c));
            at.and_then(|i| fields.get(*i)).copied().unwrap_or_default()
        };
        let name = get(&["name"]).trim();
        if name.is_empty() {
            continue;
        }
        let of = DumpedLimit { qos: Some(name.to_owned()), ..DumpedLimit::default() };
        let together = (get(&["grptres"]), get(&["grpjobs"]));
        found.take(line, &of, Each::Together, ("GrpTRES", "GrpJobs"), together);
        let user = (get(&["maxtrespu", "maxtresperuser"]), get(&["maxjobspu", "maxjobsperuser"]));
        found.take(line, &of, Each::User, ("MaxTRESPerUser", "MaxJobsPerUser"), user);
        let account = (get(&["maxtrespa", "maxtresperaccount"]), get(&["maxjobspa", "maxjobsperaccount"]));
        found.take(line, &of, Each::Account, ("MaxTRESPerAccount", "MaxJobsPerAccount"), account);
    }
    Ok(found)
}

/// Limits in `sacctmgr -P show assoc`: `GrpTRES` and `GrpJobs` of accounts with all below them and of users, and `MaxJobs` of each user; where the
/// dump has them. `MaxTRES` speaks of single jobs and is not one of them.
///
/// # Errors
/// Where one of the columns `Account` and `User` is missing.
pub fn read_association_limits(text: &str) -> Result<DumpedLimits, DumpError> {
    const HINT: &str =
        "sacctmgr -P show assoc format=Account,User,ParentName,Share,GrpTRES,GrpJobs,MaxJobs > assoc.txt";
    let (head, rows) = table(text, &["account", "user"], HINT)?;
    let mut found = DumpedLimits::default();
    for (line, fields) in rows {
        let get = |column: &str| -> &str {
            head.get(column).and_then(|i| fields.get(*i)).copied().unwrap_or_default().trim()
        };
        if get("account").is_empty() {
            continue;
        }
        let user = Some(get("user").to_owned()).filter(|u| !u.is_empty());
        let of = DumpedLimit { account: Some(get("account").to_owned()), user, ..DumpedLimit::default() };
        found.take(line, &of, Each::Together, ("GrpTRES", "GrpJobs"), (get("grptres"), get("grpjobs")));
        found.take(line, &of, Each::User, ("MaxTRES", "MaxJobs"), ("", get("maxjobs")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::Account;

    #[test]
    fn limits_of_qualities_and_associations_by_name() {
        let qos = read_quality_limits(
            "Name|Priority|GrpTRES|GrpJobs|MaxTRESPU|MaxJobsPU\nnormal|0||||\nlong|5|gres/gpu=64,cpu=9||gres/gpu=16,node=2|3\nodd|1|gres/gpu=x|||many\n",
        )
        .expect("a dump");
        let said: Vec<_> = qos.limits.iter().map(|l| (l.limit.name.as_str(), l.limit.each)).collect();
        assert_eq!(
            said,
            [
                ("long: GrpTRES", Each::Together),
                ("long: MaxTRESPerUser", Each::User),
                ("long: MaxJobsPerUser", Each::User)
            ]
        );
        assert_eq!(qos.left_out.iter().map(|l| (l.line, l.code)).collect::<Vec<_>>(), [(4, ROW), (4, ROW)]);
        assert!(qos.notes[0].contains("cpu"), "{:?}", qos.notes);
        let assoc = read_association_limits(
            "Account|User|Share|GrpTRES|GrpJobs|MaxJobs\nroot|||gres/gpu=99||\nx||1|gres/gpu=48,node=-1||2\nx|ada|1||1|\ngone||1||4|\n",
        )
        .expect("a dump");
        let account = |name: &str, parent| Account { name: name.into(), parent, shares: 1.0 };
        let tree = ShareTree::new(vec![account("y", None), account("x", None)]).expect("a tree");
        let names = ["normal, tier 1", "long"];
        let limits =
            [qos.resolved(&tree, &names, &[]), assoc.resolved(&tree, &names, &["ada".into()])].concat();
        let plain: Vec<_> = limits
            .iter()
            .map(|l| (l.qos.clone(), l.account, l.user, l.accelerators, l.nodes, l.jobs))
            .collect();
        assert_eq!(
            plain,
            [
                (vec![1], None, None, Some(64), None, None),
                (vec![1], None, None, Some(16), Some(2), None),
                (vec![1], None, None, None, None, Some(3)),
                (vec![], None, None, Some(99), None, None),
                (vec![], Some(1), None, Some(48), None, None),
                (vec![], Some(1), None, None, None, Some(2)),
                (vec![], Some(1), Some(0), None, None, Some(1)),
            ]
        );
    }
}
