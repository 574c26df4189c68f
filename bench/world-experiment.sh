#!/bin/sh
# The experiment of the motion world on one GPU, turnkey: scores of the start, priors of training clips, the ladder of
# arms in waves, its table. Each step leaves files in $OUT; what is there already is not run again, so a job that was cut
# off goes on when it is started again with the same $OUT.
#
#   RUN="./bundle/run.sh" OUT=/tmp/out sh bench/world-experiment.sh
#
# RUN      how the tool is started: a bundle's run.sh, or `npx motion-enhancer`
# VLM, VDM the shipped mini models by default; WAVES what to run (default: all four)
# Sizes (CLIPS, DATA, TEST, SEEDS, STEPS, BATCH, AT_ONCE) may be made small for a trial on a CPU.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
RUN=${RUN:-"node $here/packages/motion-enhancer/dist/cli/main.js"}
OUT=${OUT:?"OUT=FOLDER sh $0"}
VLM=${VLM:-$here/models/world/vlm}
VDM=${VDM:-$here/models/world/vdm}
CLIPS=${CLIPS:-800} DATA=${DATA:-1000} TEST=${TEST:-1000} SEEDS=${SEEDS:-6} STEPS=${STEPS:-900} BATCH=${BATCH:-16}
AT_ONCE=${AT_ONCE:-48} UNITS=${UNITS:-32}
mkdir -p "$OUT"
export NODE_OPTIONS=--max-old-space-size=16000

timed() {
  began=$(date +%s)
  echo "=== $*"
  "$@"
  code=$?
  echo "=== $code after $(($(date +%s) - began)) s"
  return $code
}

# Arms of a wave, then the seeds: a wave that is whole is worth something alone.
ladder() {
  arms=
  for arm in "$@"; do arms="$arms --arm $arm"; done
  # shellcheck disable=SC2086
  timed $RUN world ladder --vlm "$VLM" --out "$OUT" $priors $arms --seeds "$SEEDS" --data "$DATA" --clips "$CLIPS" \
    --test "$TEST" --steps "$STEPS" --batch-size "$BATCH" --at-once "$AT_ONCE"
}

[ -e "$OUT/scores.json" ] || timed $RUN world score-vlm --vlm "$VLM" --clips "$TEST" --out "$OUT/scores.json"

priors=
if [ -e "$VDM/model_index.json" ]; then
  file=$OUT/priors.safetensors
  [ -e "$file" ] || timed $RUN world priors --vdm "$VDM" --out "$file" --split train --first 0 --count "$CLIPS" --unit-clips "$UNITS" \
    --arms mhs-x-all,all-x-all,mhs-r-last,change-r-last,fixed-r-last
  [ -e "$file" ] && priors="--priors $file"
else
  echo "no diffusion model in $VDM: the arms that need its priors are left out"
fi

for wave in ${WAVES:-1 2 3 4}; do
  case $wave in
  1) ladder plain masks masks:other ;;
  2) [ -z "$priors" ] || ladder plain paper mhs-x-all all-x-all mhs-r-last change-r-last fixed-r-last change-r-last:other mhs-x-all:other ;;
  3) ladder plain masks:predict masks:lambda=1 masks:lambda=10 masks:lambda=300 masks:auto=0.3 masks:pointwise masks:mlp masks:mlp:lambda=1 ;;
  4) ladder plain:n=500 masks:n=500 masks:other:n=500 ;;
  esac
  $RUN world ladder-report --results "$OUT/results.jsonl" --out "$OUT/ladder.md"
done
cat "$OUT/ladder.md"
