//! Maintenance windows and the check of jobs as they are submitted.

use super::{ClusterExport, names::ascii};

/// Hours of a mean month.
const HOURS_PER_MONTH: f64 = 8_766.0 / 12.0;

/// A reservation for planned work once a month: the share of the time that the factory file gives it.
pub(super) fn maintenance(export: &ClusterExport<'_>) -> String {
    let minutes = (export.cluster.maintenance.fraction() * HOURS_PER_MONTH * 60.0).round().max(0.0) as u64;
    let mut out = String::from("#!/bin/sh\n");
    out.push_str(&export.comment());
    if minutes == 0 {
        out.push_str("# The factory file plans no maintenance.\n");
        return out;
    }
    out.push_str(&format!(
        "# One window of planned work a month: {} % of the time, {minutes} minutes. Jobs that would run into it wait until it is over.
# The first argument says when, as Slurm writes times: 2028-11-07T08:00:00
set -eu
: \"${{1:?say when the window begins, such as 2028-11-07T08:00:00}}\"
scontrol create reservation reservationname=maintenance starttime=\"$1\" duration={minutes} nodes=ALL users=root flags=maint,ignore_jobs
",
        trim(export.cluster.maintenance.fraction() * 100.0)
    ));
    out
}

fn trim(value: f64) -> String {
    format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `job_submit.lua`: gangs take whole nodes, nobody is without a class, and a burst of one user is slowed down.
pub(super) fn job_submit(export: &ClusterExport<'_>) -> String {
    let comment: String = export.header.lines().map(|l| format!("-- {l}\n")).collect();
    let nodes: String = export
        .cluster
        .partitions
        .iter()
        .map(|p| format!("   [\"{}\"] = {},\n", ascii(&p.name), p.per_node))
        .collect();
    let longest: String = export
        .cluster
        .classes
        .iter()
        .map(|c| format!("   [\"{}\"] = {:.0},\n", c.id, c.time_limit.s() / 60.0))
        .collect();
    format!(
        "{comment}-- For JobSubmitPlugins=lua. UNTESTED: Debian's build is run without it.

-- Accelerators of a node, by partition
local per_node = {{
{nodes}}}

-- Longest job in minutes, by class of access
local longest = {{
{longest}}}

-- A user may submit so many jobs in a minute; more are asked to come back, or to use an array.
local burst = 120
local seen = {{}}

function slurm_job_submit(job, parts, uid)
   local minute = math.floor(os.time() / 60)
   if seen[uid] == nil or seen[uid].minute ~= minute then
      seen[uid] = {{ minute = minute, jobs = 0 }}
   end
   seen[uid].jobs = seen[uid].jobs + 1
   if seen[uid].jobs > burst then
      slurm.log_user(\"more than %d jobs in a minute: use a job array\", burst)
      return slurm.ERROR
   end
   if job.qos ~= nil and longest[job.qos] ~= nil and job.time_limit ~= slurm.NO_VAL
      and job.time_limit > longest[job.qos] then
      slurm.log_user(\"class %s runs at most %d minutes\", job.qos, longest[job.qos])
      return slurm.ERROR
   end
   -- A gang over several nodes takes them whole: its neighbours would slow all of it.
   if job.min_nodes ~= slurm.NO_VAL and job.min_nodes > 1 then
      job.shared = 0
   end
   return slurm.SUCCESS
end

function slurm_job_modify(job, record, parts, uid)
   return slurm.SUCCESS
end
"
    )
}
