//! The batch script that starts one launcher per node, which starts one process per accelerator.

use crate::TrainingExport;

/// A script for Slurm: `command` is what each process runs, already in shell syntax.
pub(crate) fn script(export: &TrainingExport<'_>, engine: &str, command: &str) -> String {
    let task = export.task;
    let (nodes, per_node) = (export.nodes(), task.per_node.max(1));
    // One process per accelerator; the last node may be partly idle where a layout does not fill it.
    let chips = export.layout.chips();
    let partly = if chips.is_multiple_of(u64::from(per_node)) {
        String::new()
    } else {
        format!(
            "# The layout uses {chips} of the {} accelerators of these nodes: give it whole nodes before you run it.\n",
            nodes * u64::from(per_node)
        )
    };
    format!(
        "#!/bin/bash
{header}#SBATCH --job-name={name}-{engine}
#SBATCH --nodes={nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node={per_node}
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --output=%x-%j.out
{partly}
set -euo pipefail

# Where the engine is installed and what it reads are the site's to say.
: \"${{ENGINE_HOME:?set ENGINE_HOME to the folder of the engine}}\"

HEAD_NODE=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1)
export MASTER_ADDR=$HEAD_NODE
export MASTER_PORT=${{MASTER_PORT:-29500}}
export CUDA_DEVICE_MAX_CONNECTIONS=${{CUDA_DEVICE_MAX_CONNECTIONS:-1}}

srun --kill-on-bad-exit=1 bash -c '
  set -f
  torchrun \\
    --nnodes \"$SLURM_NNODES\" \\
    --nproc-per-node {per_node} \\
    --rdzv-id \"$SLURM_JOB_ID\" \\
    --rdzv-backend c10d \\
    --rdzv-endpoint \"$MASTER_ADDR:$MASTER_PORT\" \\
    {command}
'
",
        header = export.comment(),
        name = task.name,
    )
}
