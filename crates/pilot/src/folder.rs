//! The folder of a pilot: its own, and empty at the start of each run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::PilotError;

/// What says that a folder is a pilot's.
const MARK: &str = ".gigatwin-pilot";

/// Makes the folder, or empties the one of an earlier pilot: a run that found an old checkpoint would go on from it. Whatever else is
/// there is left alone.
///
/// # Errors
/// Where files lie there that no pilot wrote.
pub(crate) fn begin(folder: &Path) -> Result<PathBuf, PilotError> {
    fs::create_dir_all(folder).map_err(|e| PilotError::on(folder, e))?;
    let folder = fs::canonicalize(folder).map_err(|e| PilotError::on(folder, e))?;
    let mark = folder.join(MARK);
    let list = || fs::read_dir(&folder).map_err(|e| PilotError::on(&folder, e));
    if list()?.next().is_some() && !mark.exists() {
        return Err(PilotError::Foreign(folder));
    }
    fs::write(&mark, "the folder of a pilot: emptied at the start of each run\n")
        .map_err(|e| PilotError::on(&mark, e))?;
    for entry in list()?.filter_map(Result::ok).filter(|e| e.file_name() != MARK) {
        let path = entry.path();
        let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        gone.map_err(|e| PilotError::on(&path, e))?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_its_own_is_emptied() {
        let place = std::env::temp_dir().join(format!("gigatwin-pilot-folder-{}", std::process::id()));
        let ours = begin(&place.join("ours")).unwrap();
        fs::write(ours.join("checkpoint.pt"), "old").unwrap();
        begin(&ours).unwrap();
        assert!(!ours.join("checkpoint.pt").exists());

        let theirs = place.join("theirs");
        fs::create_dir_all(theirs.join("slurm")).unwrap();
        fs::write(theirs.join("slurm/slurm.conf"), "mine").unwrap();
        assert!(matches!(begin(&theirs), Err(PilotError::Foreign(_))));
        assert_eq!(fs::read_to_string(theirs.join("slurm/slurm.conf")).unwrap(), "mine");
        fs::remove_dir_all(&place).unwrap();
    }
}
