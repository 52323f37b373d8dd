//! A factory file as a machine for Slurm.

use gigatwin_export::ExportFile;
use gigatwin_export::slurm::{ClusterExport, Placement, slurm};
use gigatwin_factory::{Factory, SiteCluster, site_cluster};

use crate::PilotError;

/// A machine to be run.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Name of the cluster.
    pub name: String,
    /// The machine as a scheduler sees it.
    pub cluster: SiteCluster,
}

impl Machine {
    /// The machine of a factory.
    ///
    /// # Errors
    /// Where it cannot be evaluated.
    pub fn of(name: &str, factory: &Factory) -> Result<Machine, PilotError> {
        let cluster = site_cluster(factory).map_err(|e| PilotError::Broken(format!("{name}: {e}")))?;
        Ok(Machine { name: name.to_owned(), cluster })
    }

    /// Its configuration, as `gigatwin export slurm` writes it, for a placement.
    pub fn files(&self, placement: &Placement) -> Vec<ExportFile> {
        let header = format!("gigatwin {} · {}", env!("CARGO_PKG_VERSION"), self.name);
        slurm(&ClusterExport { name: &self.name, cluster: &self.cluster, placement, header: &header })
    }
}
