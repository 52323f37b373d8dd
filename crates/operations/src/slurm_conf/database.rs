//! What stands in Slurm's accounting database and not in `slurm.conf`: shares and the priority of each quality of service, from dumps of `sacctmgr -P`.

use std::collections::BTreeMap;

use crate::share::{Account, ShareTree};
use crate::trace::LeftOut;

/// Code of a dump that is not understood.
pub(super) const UNKNOWN: &str = "G653";
/// Code of a row that does not count.
pub(super) const ROW: &str = "G654";
/// The account above all, and its user.
pub(super) const TOP: &str = "root";

/// A dump of `sacctmgr` that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[G653] {message}")]
pub struct DumpError {
    /// Code of the diagnostic.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What could be done.
    pub hint: &'static str,
}

/// An account as the dump has it.
#[derive(Debug, Clone, PartialEq, Default)]
struct Entry {
    name: String,
    parent: String,
    shares: f64,
    /// Shares of its users together, and how many there are.
    users: (f64, usize),
}

/// Accounts with their shares.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Associations {
    entries: Vec<Entry>,
    /// Rows that do not count.
    pub left_out: Vec<LeftOut>,
    /// What was assumed, for people.
    pub notes: Vec<String>,
}

/// Columns by name, and rows with their line.
pub(super) type Rows<'a> = (BTreeMap<String, usize>, Vec<(usize, Vec<&'a str>)>);

/// A table with `|` between its columns, by the names of its first line.
pub(super) fn table<'a>(text: &'a str, wanted: &[&str], hint: &'static str) -> Result<Rows<'a>, DumpError> {
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    let head: BTreeMap<String, usize> = lines
        .next()
        .map(|(_, l)| l.split('|').enumerate().map(|(i, c)| (c.trim().to_ascii_lowercase(), i)).collect())
        .unwrap_or_default();
    let absent: Vec<&str> = wanted.iter().filter(|w| !head.contains_key(**w)).copied().collect();
    if !absent.is_empty() {
        let message = format!("the first line lacks the columns {}", absent.join(", "));
        return Err(DumpError { code: UNKNOWN, message, hint });
    }
    Ok((head, lines.map(|(i, l)| (i + 1, l.split('|').collect())).collect()))
}

/// Reads `sacctmgr -P show assoc`: the columns `Account`, `User` and `Share` are needed. Parents come from `ParentName`, else from the
/// indentation that the word `tree` gives; else all accounts stand side by side.
///
/// # Errors
/// Where a column is missing, no account is there, or accounts stand below each other in a circle.
pub fn read_associations(text: &str) -> Result<Associations, DumpError> {
    const HINT: &str = "sacctmgr -P show assoc format=Account,User,ParentName,Share > assoc.txt";
    let (head, rows) = table(text, &["account", "user", "share"], HINT)?;
    let parents = head.contains_key("parentname");
    let mut found = Associations::default();
    // Accounts above the present line by their indentation.
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut indented = false;
    for (line, fields) in rows {
        let get =
            |column: &str| head.get(column).and_then(|i| fields.get(*i)).copied().unwrap_or_default().trim();
        let raw = head.get("account").and_then(|i| fields.get(*i)).copied().unwrap_or_default();
        let (name, depth) = (raw.trim(), raw.len() - raw.trim_start().len());
        let mut fault = |reason: String| found.left_out.push(LeftOut { line, code: ROW, reason });
        if name.is_empty() {
            fault("no account is named".to_owned());
            continue;
        }
        let shares = match get("share") {
            // Its users are weighed among those of the account above.
            "parent" => {
                fault(format!("{name}: a share of `parent` counts as one"));
                1.0
            }
            text => match text.parse::<f64>() {
                Ok(n) if n.is_finite() && n >= 0.0 => n,
                _ => {
                    fault(format!("{name}: `{}` is no share", text.chars().take(40).collect::<String>()));
                    continue;
                }
            },
        };
        if !get("user").is_empty() {
            match found.entries.iter_mut().find(|e| e.name == name) {
                Some(entry) => {
                    entry.users.0 += shares;
                    entry.users.1 += 1;
                }
                None => fault(format!("a user of {name} stands before the account")),
            }
            continue;
        }
        if found.entries.iter().any(|e| e.name == name) {
            fault(format!("account {name} stands in an earlier row"));
            continue;
        }
        indented |= depth > 0;
        above.retain(|(d, _)| *d < depth);
        let parent = if parents {
            get("parentname").to_owned()
        } else {
            above.last().map_or_else(String::new, |(_, name)| name.clone())
        };
        above.push((depth, name.to_owned()));
        found.entries.push(Entry { name: name.to_owned(), parent, shares, users: (0.0, 0) });
    }
    if !found.entries.iter().any(|e| e.name != TOP) {
        let message = "the dump names no account below the top".to_owned();
        return Err(DumpError { code: UNKNOWN, message, hint: HINT });
    }
    if !parents && !indented {
        found.notes.push(
            "the dump of accounts names no parents (format=…,ParentName,…): all stand side by side"
                .to_owned(),
        );
    }
    found.tree(&[]).map(|_| found)
}

impl Associations {
    /// The share tree, and the leaf of each of these tenants. Users of an account count alike: the account is the leaf; one that has both
    /// accounts below it and users gets a leaf of its own beside them. Accounts without a user and without a tenant are left out, since Slurm ranks
    /// users; a tenant that the dump does not name stands at the top with one share.
    ///
    /// # Errors
    /// Where the accounts form no tree.
    pub fn tree(&self, tenants: &[String]) -> Result<(ShareTree, Vec<u32>), DumpError> {
        let any_users = self.entries.iter().any(|e| e.users.1 > 0);
        let mut entries = self.entries.clone();
        for tenant in tenants {
            if !entries.iter().any(|e| e.name == *tenant) {
                entries.push(Entry { name: tenant.clone(), shares: 1.0, ..Entry::default() });
            }
        }
        // From the bottom up, until nothing falls away any more.
        loop {
            let keep: Vec<bool> = entries
                .iter()
                .map(|e| {
                    e.name == TOP
                        || e.users.1 > 0
                        || !any_users
                        || tenants.contains(&e.name)
                        || entries.iter().any(|c| c.parent == e.name)
                })
                .collect();
            if keep.iter().all(|k| *k) {
                break;
            }
            let mut kept = keep.into_iter();
            entries.retain(|_| kept.next().unwrap_or(true));
        }
        let place: BTreeMap<&str, u32> =
            (0..).zip(entries.iter().filter(|e| e.name != TOP)).map(|(i, e)| (e.name.as_str(), i)).collect();
        let mut accounts: Vec<Account> = entries
            .iter()
            .filter(|e| e.name != TOP)
            .map(|e| Account {
                name: e.name.clone(),
                parent: place.get(e.parent.as_str()).copied(),
                shares: e.shares,
            })
            .collect();
        // Users beside accounts, and the administrator at the top.
        let mut own: BTreeMap<String, u32> = BTreeMap::new();
        for e in &entries {
            let above = place.get(e.name.as_str()).copied();
            let has_accounts = entries.iter().any(|c| c.name != TOP && c.parent == e.name);
            let used = e.users.1 > 0 || tenants.contains(&e.name);
            if used && (has_accounts || e.name == TOP) {
                own.insert(e.name.clone(), accounts.len() as u32);
                let shares = if e.users.1 > 0 { e.users.0 } else { 1.0 };
                accounts.push(Account { name: format!("{} itself", e.name), parent: above, shares });
            }
        }
        let leaves = tenants
            .iter()
            .map(|t| own.get(t).or_else(|| place.get(t.as_str())).copied().unwrap_or(0))
            .collect();
        let tree = ShareTree::new(accounts).map_err(|faults| DumpError {
            code: UNKNOWN,
            message: faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
            hint: "an account stands below another, in the end below root",
        })?;
        Ok((tree, leaves))
    }

    /// Tenants that the dump does not name.
    pub fn strangers<'a>(&self, tenants: &'a [String]) -> Vec<&'a str> {
        tenants.iter().filter(|t| !self.entries.iter().any(|e| e.name == **t)).map(String::as_str).collect()
    }
}

/// Reads `sacctmgr -P show qos`: priority by name, from the columns `Name` and `Priority`.
///
/// # Errors
/// Where a column is missing or no row has a priority.
pub fn read_qualities(text: &str) -> Result<(BTreeMap<String, f64>, Vec<LeftOut>), DumpError> {
    const HINT: &str = "sacctmgr -P show qos format=Name,Priority > qos.txt";
    let (head, rows) = table(text, &["name", "priority"], HINT)?;
    let (mut found, mut left_out) = (BTreeMap::new(), Vec::new());
    for (line, fields) in rows {
        let get =
            |column: &str| head.get(column).and_then(|i| fields.get(*i)).copied().unwrap_or_default().trim();
        match get("priority").parse::<u32>() {
            Ok(priority) if !get("name").is_empty() => {
                found.insert(get("name").to_owned(), f64::from(priority));
            }
            _ => {
                let reason = format!("`{}` has no priority", get("name"));
                left_out.push(LeftOut { line, code: ROW, reason });
            }
        }
    }
    if found.is_empty() {
        let message = "the dump names no quality of service".to_owned();
        return Err(DumpError { code: UNKNOWN, message, hint: HINT });
    }
    Ok((found, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "Account|User|ParentName|Share\nroot|||1\nroot|root||1\nindustry||root|5000\nindustry|ada||1\nunion||root|2000\n\
        union|eve||3\nunion-sme||union|4000\nunion-sme|bob||1\nidle||root|7\n";

    fn names(tree: &ShareTree) -> Vec<(&str, Option<u32>, f64)> {
        tree.accounts().iter().map(|a| (a.name.as_str(), a.parent, a.shares)).collect()
    }

    #[test]
    fn accounts_stand_where_the_dump_puts_them() {
        let found = read_associations(DUMP).expect("a dump");
        assert!(found.left_out.is_empty() && found.notes.is_empty());
        let tenants = ["union".to_owned(), "union-sme".to_owned(), "guests".to_owned()];
        let (tree, leaves) = found.tree(&tenants).expect("a tree");
        // Nobody uses `idle`, and nobody is known of `guests`; `union` has users beside an account below it, and root is a user at the top.
        assert_eq!(
            names(&tree),
            [
                ("industry", None, 5000.0),
                ("union", None, 2000.0),
                ("union-sme", Some(1), 4000.0),
                ("guests", None, 1.0),
                ("root itself", None, 1.0),
                ("union itself", Some(1), 3.0),
            ]
        );
        assert_eq!(leaves, [5, 2, 3]);
        assert_eq!(found.strangers(&tenants), ["guests"]);
    }

    #[test]
    fn indentation_stands_for_parents() {
        let text = "Account|User|Share\nroot||1\n a||10\n  a1||1\n  a2||2\n b||20\n";
        let (tree, _) = read_associations(text).expect("a dump").tree(&[]).expect("a tree");
        assert_eq!(
            names(&tree),
            [("a", None, 10.0), ("a1", Some(0), 1.0), ("a2", Some(0), 2.0), ("b", None, 20.0)]
        );
        let flat = read_associations("Account|User|Share\na||1\nb||1\n").expect("a dump");
        assert!(flat.notes[0].contains("side by side"));
    }

    #[test]
    fn what_is_broken_is_said() {
        assert!(read_associations("Account|User\n").unwrap_err().message.contains("share"));
        assert!(
            read_associations("Account|User|Share\nroot||1\n").unwrap_err().message.contains("no account")
        );
        let circle = read_associations("Account|User|ParentName|Share\na||b|1\nb||a|1\n").unwrap_err();
        assert!(circle.message.contains("circle"), "{circle}");
        let found = read_associations(
            "Account|User|ParentName|Share\na||root|x\nb||root|parent\nb||root|1\nc|me||1\n||root|1\n",
        )
        .expect("b is left");
        let lines: Vec<usize> = found.left_out.iter().map(|l| l.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6]);
    }

    #[test]
    fn qualities_by_name() {
        let (found, left_out) = read_qualities("Name|Priority\nnormal|0\nlong|400\nodd|x\n").expect("a dump");
        assert_eq!(found.get("long"), Some(&400.0));
        assert_eq!((found.len(), left_out[0].line), (2, 4));
        assert!(read_qualities("Name\n").is_err() && read_qualities("Name|Priority\n").is_err());
    }
}
