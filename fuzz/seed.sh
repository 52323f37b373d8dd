#!/bin/sh
# Fills the starting corpora of the fuzz targets from the files that the tests and examples use.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/load_factory corpus/parse_quantity

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
