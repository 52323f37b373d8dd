//! Jobs of the live cluster: submitted, watched, looked up.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gigatwin_export::{BatchJob, batch};

use crate::program::write;
use crate::{Cluster, PilotError};

/// A job's id.
pub(crate) type JobId = u32;

/// Seconds since 1970, as logs of jobs give them.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// What Slurm says of a job.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct JobFacts {
    pub state: String,
    /// Start and end in seconds since 1970, whole seconds; zero where it has none.
    pub start: f64,
    pub end: f64,
    pub restarts: u32,
}

impl JobFacts {
    pub(crate) fn over(&self) -> bool {
        ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"]
            .contains(&self.state.as_str())
    }

    /// From the one-line form of `scontrol show job`.
    fn read(text: &str) -> JobFacts {
        let field = |key: &str| {
            text.split_whitespace().find_map(|w| w.strip_prefix(key)?.strip_prefix('=')).unwrap_or("")
        };
        let time = |key: &str| field(key).parse().unwrap_or(0.0);
        JobFacts {
            state: field("JobState").to_owned(),
            start: time("StartTime"),
            end: time("EndTime"),
            restarts: field("Restarts").parse().unwrap_or(0),
        }
    }
}

impl Cluster {
    /// Writes a job's script and submits it.
    pub(crate) fn submit(
        &self,
        folder: &Path,
        job: &BatchJob<'_>,
        options: &[String],
    ) -> Result<JobId, PilotError> {
        let script = batch(job);
        let path = folder.join(&script.name);
        write(&path, &script.text)?;
        let path = path.display().to_string();
        let mut words: Vec<&str> = vec!["--parsable"];
        words.extend(options.iter().map(String::as_str));
        words.push(&path);
        let said = self.client("sbatch", &words)?;
        said.trim().parse().map_err(|_| PilotError::Broken(format!("sbatch answered {:?}", said.trim())))
    }

    /// What Slurm knows of a job.
    pub(crate) fn facts(&self, job: JobId) -> Result<JobFacts, PilotError> {
        // Seconds since 1970 instead of local times.
        let output = self
            .command("scontrol")?
            .env("SLURM_TIME_FORMAT", "%s")
            .args(["-o", "show", "job", &job.to_string()])
            .output()
            .map_err(|e| PilotError::on(Path::new("scontrol"), e))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(self.gone(&said));
        }
        Ok(JobFacts::read(&String::from_utf8_lossy(&output.stdout)))
    }

    /// A controller that no longer answers.
    pub(crate) fn gone(&self, said: &str) -> PilotError {
        PilotError::Daemon {
            what: format!("the controller does not answer: {said}"),
            logs: self.root.join("log"),
        }
    }

    /// Waits for a job's end, calling `look` between; its facts.
    pub(crate) fn wait(
        &self,
        job: JobId,
        most: Duration,
        mut look: impl FnMut(&JobFacts) -> Result<(), PilotError>,
    ) -> Result<JobFacts, PilotError> {
        let start = Instant::now();
        loop {
            let facts = self.facts(job)?;
            look(&facts)?;
            if facts.over() {
                return Ok(facts);
            }
            if start.elapsed() > most {
                let what = format!("job {job} is {} after {} s", facts.state, most.as_secs());
                return Err(PilotError::Daemon { what, logs: self.root.join("log") });
            }
            sleep(Duration::from_millis(400));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_read_from_one_line() {
        let text = "JobId=7 JobName=train Requeue=1 Restarts=1 BatchFlag=1 JobState=COMPLETED Reason=None SubmitTime=1700000000 \
                    StartTime=1700000010 EndTime=1700000100 Deadline=N/A";
        let facts = JobFacts::read(text);
        assert_eq!(
            facts,
            JobFacts {
                state: "COMPLETED".to_owned(),
                start: 1.700_000_01e9,
                end: 1.700_000_1e9,
                restarts: 1
            }
        );
        assert!(facts.over());
        assert!(!JobFacts::read("JobState=PENDING StartTime=Unknown").over());
        assert_eq!(JobFacts::read("StartTime=Unknown").start, 0.0);
    }
}
