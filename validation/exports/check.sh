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

# Services: launch scripts against the options that the engines have now, manifests against Kubernetes' own schemas.
examples=$here/../../examples
for engine in vllm sglang kubernetes; do
  "$gigatwin" export "$engine" "$examples/ai-factory-hammerhai.toml" --out "$work/service" >"$work/out.log" 2>&1 || failed=1
  for service in "imaging assistant" "guideline search"; do
    "$gigatwin" export "$engine" "$examples/hospital-imaging.toml" --service "$service" --out "$work/service" >"$work/out.log" 2>&1 || failed=1
  done
done
"$venv/bin/python" "$here/engine_options.py" check "$here/engine_options.csv" "$work"/service/*.sh || failed=1
anew() { # ENGINE VERSION: the table's rows of an engine, read again from its package
  if ! "$venv/bin/pip" download --quiet --no-deps --only-binary :all: --disable-pip-version-check -d "$work/$1" "$1==$2" >"$work/pip.log" 2>&1; then
    echo "SKIPPED: $1 $2 cannot be had ($(tail -n 1 "$work/pip.log"))"
    return 0
  fi
  "$venv/bin/python" -m zipfile -e "$work/$1/"*.whl "$work/$1/all"
  "$venv/bin/python" "$here/engine_options.py" "$1" "$work/$1/all" "$2" >"$work/$1.csv"
  if diff <(grep "^$1," "$here/engine_options.csv") "$work/$1.csv" >"$work/diff.log"; then
    echo "the table of $1 $2 is what its package says"
  else
    echo "the table of $1 $2 differs from its package:" && cat "$work/diff.log"
    failed=1
  fi
}
anew sglang 0.5.9
# The wheel of vLLM takes hundreds of megabytes: only where asked for.
if [ -n "${EXPORTS_VLLM:-}" ]; then anew vllm 0.11.0; else echo "SKIPPED: vllm 0.11.0 (set EXPORTS_VLLM=1)"; fi
if have pyyaml==6.0.3 && have kubernetes-validate==1.37.0 jsonschema==4.26.0 jsonschema-specifications==2025.9.1 referencing==0.37.0 \
  rpds-py attrs importlib-resources==7.1.0 packaging typing-extensions==4.15.0; then
  "$venv/bin/python" "$here/kubernetes_valid.py" "$work"/service/*.yaml || failed=1
  # Fields of Kueue, LeaderWorkerSets and pods, read again from their packages.
  if cargo vendor --quiet --locked --versioned-dirs --manifest-path "$here/types/Cargo.toml" "$work/vendor" >"$work/vendor.log" 2>&1; then
    packages=$("$venv/bin/python" -c 'import kubernetes_validate, pathlib; print(pathlib.Path(kubernetes_validate.__file__).parent.parent)')
    "$venv/bin/python" "$here/kubernetes_fields.py" "$work/vendor/kcr_kueue_x_k8s_io-"* \
      "$work/vendor/kcr_leaderworkerset_x_k8s_io-"* "$packages" >"$work/fields.csv"
    if diff "$here/kubernetes_fields.csv" "$work/fields.csv" >"$work/diff.log"; then
      echo "the table of Kubernetes' fields is what the packages say"
    else
      echo "the table of Kubernetes' fields differs from the packages:" && cat "$work/diff.log"
      failed=1
    fi
  else
    echo "SKIPPED: the crates with Kueue's types cannot be had ($(tail -n 1 "$work/vendor.log"))"
  fi
fi
# The types themselves read machines for Kueue, and a service whose replica takes several nodes.
for example in "$examples"/*.toml; do
  "$gigatwin" export kueue "$example" --out "$work/kueue/$(basename "$example" .toml)" >"$work/out.log" 2>&1 || failed=1
done
cat "$examples/ai-factory-jupiter.toml" - >"$work/large.toml" <<'EOF'

[[serve]]
name      = "large assistant"
model     = "deepseek-v3"
on        = "booster"
demand    = { users = "20 k", requests_per_user_day = 20, prompt = 2500, answer = 500 }
objective = { ttft_p99 = "5 s", tpot_p99 = "100 ms" }
EOF
"$gigatwin" export kubernetes "$work/large.toml" --out "$work/service" >"$work/out.log" 2>&1 || failed=1
if [ -n "${EXPORTS_TYPES:-}" ]; then
  CARGO_TARGET_DIR=$work/target cargo run --quiet --locked --manifest-path "$here/types/Cargo.toml" -- \
    "$work"/kueue/*/*.yaml "$work"/service/*.yaml || failed=1
else
  echo "SKIPPED: the types of Kueue and LeaderWorkerSets (set EXPORTS_TYPES=1; a minute of compiling)"
fi
exit "$failed"
