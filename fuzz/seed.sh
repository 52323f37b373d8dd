#!/bin/sh
# Fills the starting corpora of the fuzz targets from the files that the tests and examples use.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/load_factory corpus/parse_quantity corpus/read_weather corpus/read_prices

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
