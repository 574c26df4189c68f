#!/bin/sh
# On a machine with a GPU: the tests that machines without one skip, and parity on every dtype, out of a bundle.
#   sh bench/gpu-tests.sh [BUNDLE]        BUNDLE (default: bundle) is made in a whole checkout by
#     npm run bundle -- --out BUNDLE --without node-av --tests --with bench
# OUT (default /tmp/gpu-tests): parity.md, tests.json, the TAP of every file. DRY=1: no GPU is no failure.
# Exit code 1 where anything failed or no GPU test ran.
set -u
B=$(cd "${1:-bundle}" && pwd -P) || exit 2
OUT=${OUT:-/tmp/gpu-tests}; export OUT
export MOTION_ENHANCER_WORK="${MOTION_ENHANCER_WORK:-/tmp/work}"
mkdir -p "$OUT" "$MOTION_ENHANCER_WORK"
began=$(date +%s)
took() { echo "== $1: $(($(date +%s) - began)) s since the start"; }

# Unpacks and compiles the binding; exit code 1 only says that the video decoder is not there.
"$B/run.sh" doctor >"$OUT/doctor.txt" 2>"$OUT/setup.txt"
grep -i 'gpu\|libtorch' "$OUT/doctor.txt"
app="$MOTION_ENHANCER_WORK/bundle-$(cat "$B/id")/app"
[ -e "$app/native/build/libtorch_node.node" ] || { cat "$OUT/setup.txt"; echo "gpu-tests: the binding was not built"; exit 2; }
took 'unpacked and compiled'

status=0
"$B/run.sh" --node "$app/bench/gpu-tests.mjs" "$app" || status=1
took 'tests'
(cd "$app" && "$B/run.sh" --node bench/parity.mjs --reference test/fixtures/reference --out "$OUT/parity.md") || status=1
took 'parity'
[ $status = 0 ] && echo 'gpu-tests: all passed' || echo 'gpu-tests: FAILED'
exit $status
