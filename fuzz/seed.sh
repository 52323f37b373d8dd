#!/bin/sh
# Fills the starting corpora of the fuzz targets from the files that the tests and examples use.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/load_factory corpus/parse_quantity corpus/read_weather corpus/read_prices corpus/read_trace corpus/read_slurm_conf

# The start of each form of file; bodies grow by themselves.
n=0
for head in 'LOCATION,a,b,c,d,e,50,8,1,100' '{"hourly":{"time":["2023-01-01T00:00"],"temperature_2m":[1.0]}}' 'time(UTC),T2m,RH
20180101:0000,1.0,80' 'year,month,day,hour,minute,temperature
2023,1,1,0,0,1.0'; do
    n=$((n + 1))
    printf '%s\n' "$head" > "corpus/read_weather/$n"
done
for head in 'Datetime,Price (EUR/MWh)
2023-01-01 00:00,50' 'Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Originalauflösungen
01.01.2023 00:00;01.01.2023 01:00;1.234,56' '{"unix_seconds":[1672531200],"price":[50.0],"unit":"EUR/MWh"}'; do
    n=$((n + 1))
    printf '%s\n' "$head" > "corpus/read_prices/$n"
done

# A short trace of each form, with an array and dependencies, and a cluster.
for trace in '1 0 0 50 6 -1 -1 6 100 -1 1 1 1 1 1 1 -1 -1
2 1 49 100 8 -1 -1 8 100 -1 1 2 1 1 1 1 1 3' 'JobID|User|JobName|Submit|Start|End|NNodes|Timelimit|State|Dependency
7_1|u|a|2026-01-01T10:00:00|2026-01-01T10:00:01|2026-01-01T10:10:00|1|1:00:00|FAILED|
8|u|b|2026-01-01T10:00:05|2026-01-01T10:20:00|2026-01-01T10:30:00|1|1:00:00|COMPLETED|afterany:7_1,singleton' '{"jobs":[{"job_id":1,"array":{"job_id":1,"task_id":2},"dependency":"afterok:1","allocation_nodes":1,"time":{"submission":5,"start":6,"end":9,"limit":1}}]}' 'timestamp,duration,num_gpus
2017-10-09 07:01:55,66.0,1' 'job_id,user,gpu_num,state,submit_time,start_time,end_time,duration
7,u1,16,COMPLETED,2023-03-01 08:00:00,2023-03-01 08:00:10,2023-03-01 09:00:10,3600' 'name,num_gpu,qos,creation_time,deletion_time,scheduled_time
pod-1,1,LS,0,12537496,0'; do
    n=$((n + 1))
    printf '%s\n' "$trace" > "corpus/read_trace/$n"
done
cp ../crates/cli/tests/contract/cluster-slurm.conf corpus/read_slurm_conf/cluster

for folder in ../crates/factory/tests/valid ../crates/factory/tests/broken ../crates/factory/tests/broken/extends ../examples; do
    for file in "$folder"/*.toml; do
        [ -f "$file" ] && cp "$file" "corpus/load_factory/$(basename "$folder")-$(basename "$file")"
    done
done
# A file laid on another: a zero byte stands between the two.
{
    cat ../crates/factory/tests/valid/full.toml
    printf '\000'
    cat ../crates/factory/tests/valid/minimal.toml
} > corpus/load_factory/layered.toml

# Each quoted text of the catalog and of the valid files that starts like a quantity.
grep -hoE '"(EUR|USD|€|\$)? ?-?[0-9][^"]*"' ../crates/factory/tests/valid/*.toml ../catalog/*/*.toml |
    tr -d '"' | sort -u | head -n 2000 | {
    n=0
    while IFS= read -r text; do
        n=$((n + 1))
        printf '%s' "$text" > "corpus/parse_quantity/$n"
    done
}
