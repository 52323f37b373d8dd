//! Accounting on loopback: a private MariaDB (socket only), slurmdbd, and the exported script that fills it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use gigatwin_export::slurm::{ENFORCED, Placement, ascii, preemption, weights};

use crate::cluster::host;
use crate::program::read;
use crate::{Cluster, Machine, PilotError};

/// Seconds for which a job of a pilot may not be stopped by another.
pub const EXEMPT_S: u32 = 20;

/// Turns a configuration without accounting into one with it, as the export for the machine itself has it: associations and limits are enforced,
/// fair share counts, qualities of service may stop others.
pub(crate) fn accounted(conf: &str, root: &str, host: &str, port: u16) -> String {
    let accounting = format!(
        "AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost={host}
AccountingStoragePort={port}
AccountingStoragePass={root}/run/munge.socket
AccountingStorageEnforce={ENFORCED}
AccountingStorageTRES=gres/gpu"
    );
    // Half-lives of a site are days: in a pilot of minutes what was used just now must count.
    let short = |line: &str| match line.split_once('=') {
        Some(("PriorityDecayHalfLife", _)) => "PriorityDecayHalfLife=10".to_owned(),
        Some(("PriorityCalcPeriod", _)) => "PriorityCalcPeriod=1".to_owned(),
        Some(("PreemptExemptTime", _)) => format!("PreemptExemptTime=00:00:{EXEMPT_S:02}"),
        _ => line.to_owned(),
    };
    let weights = (weights() + &preemption()).lines().map(short).collect::<Vec<_>>().join("\n");
    conf.replace("AccountingStorageType=accounting_storage/none", &accounting)
        .replace("PriorityType=priority/basic", &weights)
}

impl Cluster {
    /// Starts the database and slurmdbd, and makes the cluster known. Credentials must be running.
    pub(crate) fn start_accounting(&self, machine: &Machine, port: u16) -> Result<(), PilotError> {
        self.database()?;
        let (root, host) = (self.root.display().to_string(), host()?);
        let conf = self.root.join("slurmdbd.conf");
        let text = format!(
            "AuthType=auth/munge
AuthInfo=socket={root}/run/munge.socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser=root
PidFile={root}/run/slurmdbd.pid
LogFile={root}/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
"
        );
        fs::write(&conf, text).map_err(|e| PilotError::on(&conf, e))?;
        fs::set_permissions(&conf, fs::Permissions::from_mode(0o600))
            .map_err(|e| PilotError::on(&conf, e))?;
        self.daemon("slurmdbd", &[])?;
        self.wait_for("the accounting daemon", Duration::from_secs(60), |c| {
            c.client("sacctmgr", &["-n", "show", "cluster"]).is_ok()
        })?;
        self.client("sacctmgr", &["-i", "add", "cluster", &ascii(&machine.name)]).map(drop)
    }

    /// A MariaDB of its own, as root, without network.
    fn database(&self) -> Result<(), PilotError> {
        let data = self.root.join("db");
        let path = |name: &str| self.root.join(name).display().to_string();
        let install = self.output(
            "mariadb-install-db",
            &[
                "--user=root",
                &format!("--datadir={}", data.display()),
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
        )?;
        if !install.status.success() {
            let said = String::from_utf8_lossy(&install.stderr).trim().to_owned();
            return Err(PilotError::Program { program: "mariadb-install-db".to_owned(), said });
        }
        let log = fs::File::create(self.root.join("log/mariadbd.log"))
            .map_err(|e| PilotError::on(&self.root, e))?;
        // It stays in the foreground; its process id lies with those of the other daemons, which stop with it.
        self.command("mariadbd")?
            .args(["--no-defaults", "--user=root", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"])
            .args(["--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=900"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", path("run/mysql.sock")))
            .arg(format!("--pid-file={}", path("run/mariadbd.pid")))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|e| PilotError::on(Path::new("mariadbd"), e))?;
        self.wait_for("the database", Duration::from_secs(60), |c| c.root.join("run/mysql.sock").exists())
    }

    /// Runs the exported script, then makes root a member of every tenant's account. The controller must have been up, which makes
    /// accelerators known to the database.
    pub(crate) fn fill(&self, machine: &Machine) -> Result<(), PilotError> {
        let site = machine.files(&Placement::Site);
        let Some(script) = site.iter().find(|f| f.name == "accounts.sh") else {
            return Err(PilotError::Broken("the export has no accounts.sh".to_owned()));
        };
        let path = self.root.join(&script.name);
        fs::write(&path, &script.text).map_err(|e| PilotError::on(&path, e))?;
        let output = self.output("sh", &[&path.display().to_string()])?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(PilotError::Program { program: "accounts.sh".to_owned(), said });
        }
        let accounts: Vec<String> = machine.cluster.tenants.iter().map(|t| ascii(&t.name)).collect();
        self.client("sacctmgr", &["-i", "add", "user", "root", &format!("account={}", accounts.join(","))])?;
        // Whoever names no class of access gets the usual one, or else the first that the account may use: without any a job is refused.
        for account in &accounts {
            let of = [format!("account={account}"), "user=root".to_owned()];
            let found =
                self.client("sacctmgr", &["-n", "-P", "show", "assoc", &of[0], &of[1], "format=QOS"])?;
            let classes: Vec<&str> = found.trim().split(',').collect();
            let usual =
                classes.iter().find(|c| **c == "regular").or(classes.first()).copied().unwrap_or_default();
            if !usual.is_empty() {
                let default = format!("defaultqos={usual}");
                self.client("sacctmgr", &["-i", "modify", "user", "root", "where", &of[0], "set", &default])?;
            }
        }
        // One user plays all of them: what a class grants a user is no limit here.
        for class in &machine.cluster.classes {
            self.client(
                "sacctmgr",
                &["-i", "modify", "qos", &class.id, "set", "maxtresperuser=gres/gpu=-1"],
            )?;
        }
        Ok(())
    }

    /// What `sshare` says of every tenant's account.
    pub(crate) fn fair_shares(&self) -> Result<Vec<FairShare>, PilotError> {
        let text = self
            .client("sshare", &["-a", "-P", "-n", "-o", "Account,User,NormShares,EffectvUsage,FairShare"])?;
        Ok(FairShare::read(&text))
    }
}

/// One tenant's account.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FairShare {
    pub account: String,
    /// Part of the machine it was promised, of one.
    pub promised: f64,
    /// Part of what was used that it used, of one.
    pub used: f64,
    /// Factor of its member's jobs: the higher, the sooner they run.
    pub factor: f64,
}

impl FairShare {
    /// Lines of accounts carry shares and usage, those of their member the factor.
    fn read(text: &str) -> Vec<FairShare> {
        let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split('|').map(str::trim).collect()).collect();
        let of = |account: &str, user: &str, column: usize| -> Option<f64> {
            rows.iter()
                .find(|r| r.first() == Some(&account) && r.get(1) == Some(&user))?
                .get(column)?
                .parse()
                .ok()
        };
        rows.iter()
            .filter(|r| r.get(1) == Some(&"root") && r.first() != Some(&"root"))
            .filter_map(|r| {
                let account = *r.first()?;
                Some(FairShare {
                    account: account.to_owned(),
                    promised: of(account, "", 2)?,
                    used: of(account, "", 3)?,
                    factor: of(account, "root", 4)?,
                })
            })
            .collect()
    }
}

/// The configuration of a started cluster, with accounting.
pub(crate) fn rewrite(root: &Path, port: u16) -> Result<(), PilotError> {
    let path = root.join("slurm.conf");
    let text = accounted(&read(&path)?, &root.display().to_string(), &host()?, port);
    fs::write(&path, text).map_err(|e| PilotError::on(&path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_from_accounts_and_factors_from_members() {
        let text = "root||0.000000|1.000000|
 root|root|0.000099|0.000000|1.000000
 industry||0.399960|0.250000|
  industry|root|1.000000|1.000000|0.666667
 union||0.599940|0.750000|
  union|root|1.000000|1.000000|0.333333
";
        let shares = FairShare::read(text);
        let industry =
            FairShare { account: "industry".to_owned(), promised: 0.39996, used: 0.25, factor: 0.666_667 };
        assert_eq!(shares.len(), 2);
        assert_eq!(shares[0], industry);
        assert!(shares[1].used > shares[1].promised && shares[1].factor < shares[0].factor);
    }

    #[test]
    fn accounting_takes_the_place_of_none() {
        let conf = accounted(
            "A=1\nAccountingStorageType=accounting_storage/none\nPriorityType=priority/basic\n",
            "/r",
            "h",
            7,
        );
        assert!(
            conf.contains("AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=h\n")
        );
        assert!(
            conf.contains("PriorityType=priority/multifactor") && conf.contains("PriorityDecayHalfLife=10\n")
        );
        assert!(!conf.contains("basic") && !conf.contains("/none"));
    }
}
