use crate::policy::FairShareRule;

/// A tenant or a group of tenants.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Name in reports and in Slurm.
    pub name: String,
    /// Position of the account above; none for those at the top.
    pub parent: Option<u32>,
    /// Promise against the others under the same parent, any positive scale.
    pub shares: f64,
}

/// Who was promised what: accounts in a tree. Jobs name leaves by position.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareTree {
    accounts: Vec<Account>,
    children: Vec<Vec<u32>>,
    roots: Vec<u32>,
    leaves: Vec<u32>,
}

/// Why a list of accounts is no share tree.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShareError {
    /// Following the parents comes back to the start.
    #[error("the accounts form a circle: {}", .0.join(" → "))]
    Circle(Vec<String>),
    /// A parent that does not exist.
    #[error("account `{0}` stands under an account that does not exist")]
    Parent(String),
    /// A share below zero or no number.
    #[error("account `{0}` has shares of {1}; they must be a number, zero or more")]
    Shares(String, f64),
    /// No account at all.
    #[error("there is no account")]
    Empty,
}

impl ShareTree {
    /// Checks and links the accounts; all faults at once.
    ///
    /// # Errors
    /// Circles, parents that do not exist, shares below zero.
    pub fn new(accounts: Vec<Account>) -> Result<Self, Vec<ShareError>> {
        let mut faults = Vec::new();
        if accounts.is_empty() {
            faults.push(ShareError::Empty);
        }
        let mut children = vec![Vec::new(); accounts.len()];
        let mut roots = Vec::new();
        for (i, a) in accounts.iter().enumerate() {
            if !(a.shares.is_finite() && a.shares >= 0.0) {
                faults.push(ShareError::Shares(a.name.clone(), a.shares));
            }
            match a.parent {
                None => roots.push(i as u32),
                Some(p) if (p as usize) < accounts.len() => children[p as usize].push(i as u32),
                Some(_) => faults.push(ShareError::Parent(a.name.clone())),
            }
        }
        faults.extend(circles(&accounts));
        if !faults.is_empty() {
            return Err(faults);
        }
        let leaves = (0..accounts.len() as u32).filter(|&i| children[i as usize].is_empty()).collect();
        Ok(Self { accounts, children, roots, leaves })
    }

    /// One tenant that owns everything.
    pub fn single(name: &str) -> Self {
        Self {
            accounts: vec![Account { name: name.into(), parent: None, shares: 1.0 }],
            children: vec![Vec::new()],
            roots: vec![0],
            leaves: vec![0],
        }
    }

    /// All accounts, by position.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Positions of the accounts without any under them.
    pub fn leaves(&self) -> &[u32] {
        &self.leaves
    }

    /// Position of an account by name.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.accounts.iter().position(|a| a.name == name).map(|i| i as u32)
    }

    /// What each account was promised of the whole, between zero and one, by position.
    pub fn promised(&self) -> Vec<f64> {
        let mut promised = vec![0.0; self.accounts.len()];
        let mut stack = vec![(&self.roots, 1.0)];
        while let Some((level, whole)) = stack.pop() {
            let sum: f64 = level.iter().map(|&i| self.accounts[i as usize].shares).sum();
            for &i in level {
                let part = if sum > 0.0 { whole * self.accounts[i as usize].shares / sum } else { 0.0 };
                promised[i as usize] = part;
                stack.push((&self.children[i as usize], part));
            }
        }
        promised
    }

    /// Sums a value of the leaves up the tree; by position.
    pub fn totals(&self, leaf_value: &[f64]) -> Vec<f64> {
        let mut sum = leaf_value.to_vec();
        let mut order = Vec::with_capacity(self.accounts.len());
        let mut stack = self.roots.clone();
        while let Some(i) = stack.pop() {
            order.push(i);
            stack.extend(&self.children[i as usize]);
        }
        for &i in order.iter().rev() {
            if let Some(p) = self.accounts[i as usize].parent {
                sum[p as usize] += sum[i as usize];
            }
        }
        sum
    }

    /// Slurm's fair-share factor of each account between zero and one, from decayed use of the leaves.
    pub(crate) fn factors(&self, usage: &[f64], rule: FairShareRule) -> Vec<f64> {
        let totals = self.totals(usage);
        match rule {
            FairShareRule::FairTree => self.fair_tree(&totals),
            FairShareRule::Classic => self.classic(&totals),
        }
    }

    fn fair_tree(&self, totals: &[f64]) -> Vec<f64> {
        let mut factor = vec![0.0; self.accounts.len()];
        let mut rank = self.leaves.len();
        self.walk(&self.roots, totals, &mut rank, &mut factor);
        factor
    }

    /// Level fair share: promised share among the siblings over used share among them; unused is best, no share is worst.
    fn walk(&self, level: &[u32], totals: &[f64], rank: &mut usize, factor: &mut [f64]) {
        let mut fair: Vec<(f64, u32)> = Vec::with_capacity(level.len());
        // Siblings of several tied parents are compared at their own level.
        for &i in level {
            let parent = self.accounts[i as usize].parent;
            let siblings = parent.map_or(&self.roots, |p| &self.children[p as usize]);
            let shares: f64 = siblings.iter().map(|&s| self.accounts[s as usize].shares).sum();
            let used: f64 = siblings.iter().map(|&s| totals[s as usize]).sum();
            let s = if shares > 0.0 { self.accounts[i as usize].shares / shares } else { 0.0 };
            let u = if used > 0.0 { totals[i as usize] / used } else { 0.0 };
            fair.push((
                if s == 0.0 {
                    0.0
                } else if u == 0.0 {
                    f64::INFINITY
                } else {
                    s / u
                },
                i,
            ));
        }
        fair.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut at = 0;
        while at < fair.len() {
            let end = at + fair[at..].iter().take_while(|f| f.0 == fair[at].0).count();
            let value = *rank as f64 / self.leaves.len() as f64;
            let mut below = Vec::new();
            for &(_, i) in &fair[at..end] {
                if self.children[i as usize].is_empty() {
                    factor[i as usize] = value;
                    *rank -= 1;
                } else {
                    below.extend_from_slice(&self.children[i as usize]);
                }
            }
            if !below.is_empty() {
                self.walk(&below, totals, rank, factor);
            }
            at = end;
        }
    }

    fn classic(&self, totals: &[f64]) -> Vec<f64> {
        let promised = self.promised();
        let all: f64 = self.roots.iter().map(|&i| totals[i as usize]).sum();
        let mut effective = vec![0.0; self.accounts.len()];
        let mut factor = vec![0.0; self.accounts.len()];
        let mut stack: Vec<u32> = self.roots.clone();
        while let Some(i) = stack.pop() {
            let a = &self.accounts[i as usize];
            let actual = if all > 0.0 { totals[i as usize] / all } else { 0.0 };
            // Slurm: U_eff = U + (U_eff,parent − U) · shares / Σ shares of the siblings; at the top U_eff = U.
            effective[i as usize] = match a.parent {
                None => actual,
                Some(p) => {
                    let sum: f64 =
                        self.children[p as usize].iter().map(|&s| self.accounts[s as usize].shares).sum();
                    let part = if sum > 0.0 { a.shares / sum } else { 0.0 };
                    actual + (effective[p as usize] - actual) * part
                }
            };
            factor[i as usize] = if promised[i as usize] > 0.0 {
                (-effective[i as usize] / promised[i as usize]).exp2()
            } else {
                0.0
            };
            stack.extend(&self.children[i as usize]);
        }
        factor
    }
}

fn circles(accounts: &[Account]) -> Vec<ShareError> {
    // 0 not seen, 1 on the present path, 2 done.
    let mut seen = vec![0_u8; accounts.len()];
    let mut faults = Vec::new();
    for start in 0..accounts.len() {
        let mut path = Vec::new();
        let mut at = start;
        loop {
            match seen[at] {
                2 => break,
                1 => {
                    let from = path.iter().position(|&p| p == at).unwrap_or(0);
                    let mut names: Vec<String> =
                        path[from..].iter().map(|&p: &usize| accounts[p].name.clone()).collect();
                    names.push(accounts[at].name.clone());
                    faults.push(ShareError::Circle(names));
                    break;
                }
                _ => {}
            }
            seen[at] = 1;
            path.push(at);
            match accounts[at].parent {
                Some(p) if (p as usize) < accounts.len() => at = p as usize,
                _ => break,
            }
        }
        for p in path {
            seen[p] = 2;
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, parent: Option<u32>, shares: f64) -> Account {
        Account { name: name.into(), parent, shares }
    }

    #[test]
    fn all_faults_of_a_tree_at_once() {
        let faults = ShareTree::new(vec![
            account("a", Some(1), 1.0),
            account("b", Some(0), 1.0),
            account("c", Some(9), -1.0),
        ])
        .unwrap_err();
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            text,
            [
                "account `c` has shares of -1; they must be a number, zero or more",
                "account `c` stands under an account that does not exist",
                "the accounts form a circle: a → b → a",
            ]
        );
    }

    #[test]
    fn fair_tree_ranks_by_level() {
        // Slurm's documented property: an account that is under-served lifts all its users over those of the other account.
        let tree = ShareTree::new(vec![
            account("x", None, 1.0),
            account("y", None, 1.0),
            account("x1", Some(0), 1.0),
            account("x2", Some(0), 1.0),
            account("y1", Some(1), 1.0),
            account("y2", Some(1), 1.0),
        ])
        .unwrap();
        let f = tree.factors(&[0.0, 0.0, 5.0, 1.0, 7.0, 0.0], FairShareRule::FairTree);
        assert_eq!(&f[2..], [0.75, 1.0, 0.25, 0.5]);
        // Equal use: tied parents, tied users, one rank.
        let f = tree.factors(&[0.0; 6], FairShareRule::FairTree);
        assert_eq!(&f[2..], [1.0; 4]);
    }

    #[test]
    fn classic_halves_at_the_promise() {
        let tree = ShareTree::new(vec![account("x", None, 1.0), account("y", None, 3.0)]).unwrap();
        let f = tree.factors(&[1.0, 3.0], FairShareRule::Classic);
        assert!((f[0] - 0.5).abs() < 1e-12 && (f[1] - 0.5).abs() < 1e-12);
    }
}
