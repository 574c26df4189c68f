#!/bin/sh
# The experiment of the motion world on one GPU, turnkey: scores of the start, priors of training clips, the ladder of
# arms in waves, its table. Each step leaves files in $OUT; what is there already is not run again, so a job that was cut
# off goes on when it is started again with the same $OUT.
#
#   RUN="./bundle/run.sh" OUT=/tmp/out sh bench/world-experiment.sh
#
# RUN      how the tool is started: a bundle's run.sh, or `npx motion-enhancer`
# VLM, VDM the shipped mini models by default; WAVES what to run (default: all seven; docs/world-vlm.md lists them)
# Sizes (CLIPS, DATA, TEST, SEEDS, STEPS, BATCH, AT_ONCE, UNITS, FEW, MANY, MANY_CLIPS) may be made small for a trial on
# a CPU.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
RUN=${RUN:-"node $here/packages/cli/bin/motion-enhancer.js"}
OUT=${OUT:?"OUT=FOLDER sh $0"}
VLM=${VLM:-$here/models/world/vlm}
VDM=${VDM:-$here/models/world/vdm}
CLIPS=${CLIPS:-800} DATA=${DATA:-1000} TEST=${TEST:-4000} SEEDS=${SEEDS:-6} STEPS=${STEPS:-900} BATCH=${BATCH:-16}
AT_ONCE=${AT_ONCE:-54} UNITS=${UNITS:-32}
# Wave 5: fewer samples, and more, which take more training clips.
FEW=${FEW:-500} MANY=${MANY:-2000} MANY_CLIPS=${MANY_CLIPS:-1600}
WAVES=${WAVES:-1 2 3 4 5 6 7}
mkdir -p "$OUT"
export NODE_OPTIONS=--max-old-space-size=16000
failed=0

timed() {
  began=$(date +%s)
  echo "=== $*"
  "$@"
  code=$?
  [ "$code" = 0 ] || failed=1
  echo "=== $code after $(($(date +%s) - began)) s"
  return $code
}

# Arms of a wave, then the seeds: a wave that is whole is worth something alone.
ladder() {
  arms=
  for arm in "$@"; do arms="$arms --arm $arm"; done
  # shellcheck disable=SC2086
  timed $RUN world ladder --vlm "$VLM" --out "$OUT" $priors $arms --seeds "$SEEDS" --data "$DATA" --clips "$clips" \
    --test "$TEST" --steps "$STEPS" --batch-size "$BATCH" --at-once "$AT_ONCE"
}

# make_priors FILE ARMS [options]: a file of priors that is not there yet; `priors` then names it too. It is whole once
# it has its name.
make_priors() {
  made=$OUT/$1
  names=$2
  shift 2
  [ -e "$made" ] || {
    timed $RUN world priors --vdm "$VDM" --out "$made.part" --split train --first 0 --count "$CLIPS" \
      --unit-clips "$UNITS" --arms "$names" "$@" && mv "$made.part" "$made"
  }
  [ ! -e "$made" ] || priors="$priors --priors $made"
}

[ -e "$OUT/scores.json" ] || timed $RUN world score-vlm --vlm "$VLM" --clips "$TEST" --out "$OUT/scores.json"

priors=
clips=$CLIPS
if [ -e "$VDM/model_index.json" ]; then
  make_priors priors.safetensors mhs-x-all,all-x-all,mhs-r-last,change-r-last,fixed-r-last
else
  echo "no diffusion model in $VDM: the arms that need its priors are left out"
fi
with_priors() { [ -z "$priors" ] || ladder "$@"; }

for wave in $WAVES; do
  case $wave in
  1) ladder plain masks masks:other ;;
  2) # real priors
    with_priors plain change-r-last change-r-last:other fixed-r-last fixed-r-last:other mhs-x-all mhs-x-all:other \
      all-x-all all-x-all:other mhs-x-all:kept mhs-x-all:kept:other paper paper:other ;;
  3) # why: what is taken from true masks until they help as little as priors, and what is put right in priors
    ladder plain masks:mix=0.75 masks:wrong=0.2 masks:blur=1 masks:still masks:only=mover
    with_priors plain change-r-last:sharp=4 change-r-last:sharp=4:other change-r-last:sharp=2 change-r-last:gate=0.5 ;;
  4) # λ, and what the aligner does to it
    ladder plain masks:lambda=0.1 masks:lambda=0.3 masks:lambda=3 masks:lambda=10 masks:lambda=100 masks:auto=0.3 \
      masks:pointwise masks:mlp masks:mlp:lambda=10 ;;
  5) # data: samples of more clips in every arm, since plain fine-tuning is compared with on the same ones
    clips=$MANY_CLIPS all_priors=$priors priors=
    ladder "plain:n=$FEW" "masks:n=$FEW" "masks:other:n=$FEW" "plain:n=$MANY" "masks:n=$MANY" "masks:other:n=$MANY"
    clips=$CLIPS priors=$all_priors ;;
  6) # how priors are extracted: DDIM steps, and shares of heads (MHS) and words (MTTI); 5 steps and half is wave 2
    [ -z "$priors" ] || {
      before=$priors
      make_priors priors-steps2.safetensors mhs-x-all,change-r-last --steps 2 --tag steps2
      make_priors priors-steps10.safetensors mhs-x-all,change-r-last --steps 10 --tag steps10
      make_priors priors-keep25.safetensors mhs-x-all --head-ratio 0.25 --word-ratio 0.25 --tag keep25
      make_priors priors-keep75.safetensors mhs-x-all --head-ratio 0.75 --word-ratio 0.75 --tag keep75
      ladder plain mhs-x-all@steps2 mhs-x-all@steps10 change-r-last@steps2:sharp=4 change-r-last@steps10:sharp=4 \
        change-r-last@steps10:sharp=4:other mhs-x-all@keep25:kept mhs-x-all@keep75:kept
      priors=$before
    } ;;
  7) # the rest
    ladder plain masks:mover masks:only=motion masks:predict masks:squared masks:squared:lambda=10
    with_priors plain mhs-r-last change-r-last:mover change-r-last:predict ;;
  esac
  if [ -e "$OUT/results.jsonl" ]; then $RUN world ladder-report --results "$OUT/results.jsonl" --out "$OUT/ladder.md"; fi
done
if [ -e "$OUT/ladder.md" ]; then cat "$OUT/ladder.md"; fi
exit $failed
