//! A batch script for any program that reads who it is from Slurm: one process per node, started by `srun`.

use crate::ExportFile;

/// What a job is and runs.
#[derive(Debug, Clone, Copy)]
pub struct BatchJob<'a> {
    /// Name of the job and of the file.
    pub name: &'a str,
    /// Account that pays.
    pub account: Option<&'a str>,
    /// Nodes.
    pub nodes: u32,
    /// Accelerators of a node.
    pub per_node: u32,
    /// Longest run in minutes.
    pub minutes: u32,
    /// Folder of the job's output.
    pub output: &'a str,
    /// Variables of the environment.
    pub environment: &'a [(&'a str, String)],
    /// The program and its arguments, in shell syntax.
    pub command: &'a str,
    /// How often a failed run is put back into the queue, to go on from its checkpoint.
    pub restarts: u32,
}

/// The script. A run that fails is put back into the queue by itself while it has restarts left.
pub fn batch(job: &BatchJob<'_>) -> ExportFile {
    let account = job.account.map_or_else(String::new, |a| format!("#SBATCH --account={a}\n"));
    let environment: String = job.environment.iter().map(|(k, v)| format!("export {k}={v}\n")).collect();
    let text = format!(
        "#!/bin/bash
#SBATCH --job-name={name}
{account}#SBATCH --nodes={nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node={per_node}
#SBATCH --exclusive
#SBATCH --time={minutes}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output={output}/{name}.out

{environment}
code=0
srun --kill-on-bad-exit=1 {command} || code=$?
if [ \"$code\" -ne 0 ] && [ \"${{SLURM_RESTART_COUNT:-0}}\" -lt {restarts} ]; then
  echo \"ended with $code: back into the queue\"
  scontrol requeue \"$SLURM_JOB_ID\"
  sleep 60
fi
exit \"$code\"
",
        name = job.name,
        nodes = job.nodes,
        per_node = job.per_node,
        minutes = job.minutes,
        output = job.output,
        command = job.command,
        restarts = job.restarts,
    );
    ExportFile { name: format!("{}.sbatch", job.name), text }
}
