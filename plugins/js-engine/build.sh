#!/bin/sh
# Compiles the engine that plays plugins written in JavaScript: QuickJS and the files beside this script.
#
#   plugins/js-engine/build.sh out.wasm
#
# QuickJS comes as the source package of Debian 13, checked against the sum below. Nothing of it is changed.
set -eu

version=2025.04.26
sum=ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

if [ $# -ne 1 ]; then
  echo "usage: $0 <out.wasm>" >&2
  exit 64
fi
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"

for tool in clang-19 wasm-ld-19 /usr/lib/apt/apt-helper; do
  command -v "$tool" >/dev/null || { echo "$0: $tool is missing; run .ci/setup run, or install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32" >&2; exit 69; }
done

# source fetches and unpacks QuickJS once.
source=build/quickjs-$version
if [ ! -e "$source/quickjs.c" ]; then
  mkdir -p build
  archive=$PWD/build/quickjs.tar.xz
  /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root download-file "$mirror/pool/main/q/quickjs/quickjs_$version.orig.tar.xz" "$archive" "SHA256:$sum"
  tar -C build -xJf "$archive"
  rm "$archive"
  rm -rf build/obj
fi

# What a script can reach of the time is that of its event; EMSCRIPTEN is QuickJS's word for a machine without threads.
flags="--target=wasm32-wasi -Os -mbulk-memory -msign-ext -mnontrapping-fptoint
  -DEMSCRIPTEN -DCONFIG_STACK_CHECK -DCONFIG_VERSION=\"$version\" -DNDEBUG
  -DFE_DOWNWARD=0 -DFE_UPWARD=0 -DFE_TOWARDZERO=0 -Dgettimeofday=event_time -I."
mkdir -p build/obj
for f in quickjs cutils libregexp libunicode dtoa; do
  [ "build/obj/$f.o" -nt build.sh ] && continue
  clang-19 $flags -w -c -o "build/obj/$f.o" "$source/$f.c" &
  pids="${pids:-} $!"
done
for pid in ${pids:-}; do wait "$pid"; done
clang-19 $flags -std=gnu23 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare \
  -isystem "$source" -mexec-model=reactor -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=262144 \
  -o "$out.part" engine.c event.c command.c build/obj/*.o -lm
mv "$out.part" "$out"
