#!/bin/sh
# The same traffic over the same fat tree in SimGrid and in gigatwin, both with D-mod-k.
#
#   crates/fabric/benches/simgrid/compare.sh [1024] [4096] [16384] [65536]
#
# Needs SimGrid (Debian: libsimgrid-dev) and a C++ compiler. SimGrid takes minutes for 65,536 endpoints.
set -eu
cd "$(dirname "$0")/../../../.."
if ! printf '#include <simgrid/s4u.hpp>\n' | c++ -std=c++17 -E -x c++ - >/dev/null 2>&1; then
    echo "SimGrid is not installed (Debian: apt-get install libsimgrid-dev)" >&2
    exit 3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
c++ -O2 -std=c++17 crates/fabric/benches/simgrid/fat_tree.cpp -lsimgrid -o "$work/fat_tree"
cargo build --quiet --release -p gigatwin-fabric --example flow_traffic
twin=${CARGO_TARGET_DIR:-target}/release/examples/flow_traffic
for n in ${*:-1024 4096 16384}; do
    case $n in
        1024) tree="16 8 8" ;;
        4096) tree="16 16 16" ;;
        16384) tree="32 32 16" ;;
        65536) tree="32 32 64" ;;
        *) echo "1024, 4096, 16384 or 65536" >&2; exit 2 ;;
    esac
    echo "random permutation, $n endpoints, fat tree $tree"
    "$twin" write "$n" 1 >"$work/traffic.txt"
    # shellcheck disable=SC2086
    "$twin" run $tree "$work/traffic.txt"
    # shellcheck disable=SC2086
    "$work/fat_tree" $tree "$work/traffic.txt" --log=root.thresh:warning
done
