#!/bin/sh
# One job on a GPU machine: the GPU tests, then a training step, a prior and the VLM's speed, of two bundles side by side.
#   sh bench/gpu-session.sh NEW_BUNDLE [OLD_BUNDLE]      OUT: where tables go; PARTS: which parts run (default: all)
# Each part has its own time limit, so that one that hangs costs no other its turn.
set -u
NEW=$(cd "$1" && pwd -P); OLD=${2:+$(cd "$2" && pwd -P)}
OUT=${OUT:-/tmp/gpu-session}; export OUT; mkdir -p "$OUT"
PARTS=${PARTS:-tests groups train prior vlm}
began=$(date +%s)
say() { echo "== $1: $(($(date +%s) - began)) s since the start"; }
has() { case " $PARTS " in *" $1 "*) return 0 ;; *) return 1 ;; esac }
export MOTION_ENHANCER_WORK=/tmp/work; mkdir -p "$MOTION_ENHANCER_WORK"
app() { echo "$MOTION_ENHANCER_WORK/bundle-$(cat "$1/id")/app"; }
in_app() { b=$1; shift; (cd "$(app "$b")" && timeout "${LIMIT:-150}" "$b/run.sh" --node "$@"); }
for b in "$NEW" $OLD; do "$b/run.sh" doctor >"$OUT/doctor-$(cat "$b/id").txt" 2>&1; tail -25 "$OUT/doctor-$(cat "$b/id").txt"; done
say 'unpacked and compiled'
if has tests; then OUT="$OUT/tests" timeout 240 sh "$(dirname "$0")/gpu-tests.sh" "$NEW" 2>&1 | tail -60; say tests; fi
if has groups; then LIMIT=100 in_app "$NEW" --test packages/libtorch/dist/distributed/collectives.test.js 2>&1 | grep -E '^(not )?ok|^# |skip|error' ; say groups; fi
# Twice each, in turns: what the machine does meanwhile meets both alike.
pair() { name=$1; shift; for round in 1 2; do for b in $OLD "$NEW"; do
  echo "-- $name, $( [ "$b" = "$NEW" ] && echo new || echo old ), round $round"; in_app "$b" "$@" 2>&1 | tail -"${LINES_KEPT:-14}"; done; done; say "$name"; }
has train && pair train bench/train-step.mjs --size 3b --tokens 4058 --repeats 4 --kinds blocks,none
has prior && pair prior bench/prior-real-size.mjs ${PRIOR_ARGS:-}
has vlm && pair vlm bench/vlm-speed.mjs ${VLM_ARGS:-}
exit 0
