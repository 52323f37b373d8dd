#!/usr/bin/env bash
# Exports read by the engines' own parsers; see README.md beside this file.
set -euo pipefail

gigatwin=$(realpath "${1:?usage: check.sh PATH-TO-GIGATWIN}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${EXPORTS_VENV:-$work/venv}
failed=0

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
have() { # NAME==VERSION...: installs without dependencies
  if "$venv/bin/pip" install --quiet --no-deps --disable-pip-version-check "$@" >"$work/pip.log" 2>&1; then
    return 0
  fi
  echo "SKIPPED: $* cannot be had ($(tail -n 1 "$work/pip.log"))"
  return 1
}

small="--model llama-3-1-8b --system dgx-h100 --chips 64 --seq 8192 --batch 512"
large="--model llama-3-1-405b --system dgx-h100 --chips 4096 --seq 8192 --batch 1024"
experts="--model deepseek-v3 --system gb300-nvl72 --chips 2304 --seq 4096 --batch 15360 --precision fp8"
wide="--model qwen3-235b-a22b --system dgx-b200 --chips 512 --seq 4096 --batch 2048 --precision fp8"
sharded="$small --zero 3 --recompute full"
dual="$wide --pp 4 --ep 32 --schedule dual-pipe --recompute full"
near="$large --tp 8 --pp 16 --placement tp-cp-pp-dp"
n=0
for run in "$small" "$large" "$experts" "$wide" "$sharded" "$dual" "$near"; do
  n=$((n + 1))
  for engine in megatron torchtitan; do
    # shellcheck disable=SC2086
    if ! "$gigatwin" export "$engine" $run --out "$work/$n-$engine" >"$work/out.log" 2>&1; then
      echo "no $engine export of run $n: $(tail -n 1 "$work/out.log")"
    fi
  done
done

for script in "$work"/*/*.sbatch; do
  bash -n "$script" && echo "bash reads $(basename "$(dirname "$script")")/$(basename "$script")" || failed=1
done
if have tyro==0.9.35 docstring-parser==0.17.0 typeguard==4.4.4 typing-extensions==4.15.0 shtab==1.7.2 rich==14.1.0 \
  markdown-it-py==4.0.0 mdurl==0.1.2 pygments==2.19.2 && have torchtitan==0.2.2; then
  "$venv/bin/python" "$here/torchtitan_reads.py" "$work"/*/*-torchtitan.toml || failed=1
fi
if have pyyaml==6.0.3 && have megatron-bridge==0.3.1 && have megatron-core==0.16.1; then
  "$venv/bin/python" "$here/megatron_has.py" "$work"/*/*-megatron-bridge.yaml || failed=1
fi
exit "$failed"
