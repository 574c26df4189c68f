#!/bin/sh
# Runs MotionEnhancer from this folder, which may be read-only: ./run.sh COMMAND [ARGUMENTS...], such as ./run.sh doctor.
# ./run.sh --node FILE [ARGUMENTS...] runs a script of the project instead of the command line.
#
# On first use it unpacks Node and the project into a folder of its own (MOTION_ENHANCER_WORK, or the user's cache, or
# the temporary folder) and compiles the binding against LIBTORCH or the torch of python3. Needs g++; xz or python3.
set -eu

fail() {
  printf 'run.sh: %s\n  To mend it: %s\n' "$1" "$2" >&2
  exit 2
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
id=$(cat "$here/id") || fail "The bundle is not complete: it has no file 'id'." 'copy the whole folder again.'

case $(uname -s) in Linux) ;; *) fail "The bundle holds a Linux build of Node, and this is $(uname -s)." 'run it on Linux, or in a container.' ;; esac

# A folder serves when it can be made, belongs to us (in /tmp another user could have made it), and may hold programs.
usable() {
  (umask 077 && mkdir -p "$1") 2>/dev/null && [ -O "$1" ] && [ -w "$1" ]
}
if [ -n "${MOTION_ENHANCER_WORK:-}" ]; then
  parent=$MOTION_ENHANCER_WORK
  usable "$parent" || fail "MOTION_ENHANCER_WORK=$parent cannot be written by this user." 'name a folder of yours.'
else
  parent="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/motion-enhancer"
  usable "$parent" || parent="${TMPDIR:-/tmp}/motion-enhancer-$(id -u)"
  usable "$parent" || fail "Neither the cache folder nor $parent can be written." 'name a folder: MOTION_ENHANCER_WORK=/some/folder ./run.sh ...'
fi
work="$parent/bundle-$id"

unxz_to() {
  if command -v xz >/dev/null 2>&1; then
    xz -dc "$1" >"$2"
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"), 1 << 20)' "$1" "$2"
  else
    fail 'The bundle is packed with xz, and neither xz nor python3 is installed.' 'apt-get install xz-utils'
  fi
}

# Joined by && throughout: `set -e` does not act inside a function whose result is asked for.
unpack_into() {
  mkdir -p "$1/app" &&
    unxz_to "$here/node.xz" "$1/node" && chmod 755 "$1/node" &&
    unxz_to "$here/app.tar.xz" "$1/app.tar" && tar -xf "$1/app.tar" -C "$1/app" --no-same-owner && rm "$1/app.tar" || return 1
  while read -r packed path; do
    unxz_to "$here/$packed" "$1/app/$path" || return 1
  done <"$here/large.txt"
}

unpack() {
  part="$work.part-$$"
  trap 'rm -rf "$part"' EXIT
  echo "run.sh: unpacking to $work" >&2
  unpack_into "$part" || return 1
  # Another run.sh may have been faster; then its folder stays.
  mv -T "$part" "$work" 2>/dev/null || [ -x "$work/node" ] || return 1
  rm -rf "$part"
  trap - EXIT
}

[ -x "$work/node" ] || unpack || fail "The bundle cannot be unpacked to $work." 'free some space (400 MB), or name another folder: MOTION_ENHANCER_WORK=/some/folder ./run.sh ...'
"$work/node" --version >/dev/null 2>&1 || fail "The bundle's Node does not start on this machine: $("$work/node" --version 2>&1 | head -n 1)" \
  "use a machine of the bundle's architecture with glibc 2.28 or newer, and a folder that may hold programs (MOTION_ENHANCER_WORK)."

app="$work/app"
"$work/node" "$app/scripts/setup.mjs" --quiet
export PATH="$work:$PATH"
if [ "${1:-}" = --node ]; then
  shift
  script=${1:-}
  [ -n "$script" ] || fail 'Expected a script after --node.' './run.sh --node bench/dispatch.mjs'
  shift
  case $script in /*) ;; *) [ -e "$script" ] || script="$app/$script" ;; esac
  exec "$work/node" "$script" "$@"
fi
exec "$work/node" "$app/packages/cli/bin/motion-enhancer.js" "$@"
