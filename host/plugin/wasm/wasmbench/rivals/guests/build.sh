#!/bin/sh
# Builds the guests of the rivals, and ours that do the same work, into <dir>. Needs clang-19 and Go.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
sdk=$(cd ../../../../../../sdk && pwd)
cc="clang-19 --target=wasm32 -std=c11 -O2 -mbulk-memory -nostdlib -isystem ./freestanding -Wl,--no-entry -Wl,--strip-all"
$cc -o "$out/extismc.wasm" extismc/guest.c
$cc -Wl,--export=wapc_init -o "$out/wapcc.wasm" wapcc/guest.c
$cc -Wl,--stack-first -Wl,-z,stack-size=65536 -I"$sdk/c" -o "$out/oursc.wasm" oursc/guest.c
for n in 8 262144; do # bytes of state
	$cc -Wl,--stack-first -Wl,-z,stack-size=65536 -I"$sdk/c" -DSTATE_BYTES=$n -o "$out/keeper$n.wasm" keeper/guest.c
done
go="env GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags=-s"
$go -o "$out/extismgo.wasm" ./extismgo
$go -o "$out/goplugin.wasm" ./goplugin
(cd oursgo && $go -o "$out/oursgo.wasm" .)
