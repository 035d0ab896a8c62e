#!/usr/bin/env bash
# Tests the SDKs for C, Rust and AssemblyScript natively: their own tests, and the example plugins against the files that
# all languages share. Then the compiled plugins of all of them on another engine than the program's. Needs cc, rustc,
# node and npm; the Go SDK has go test.
set -euo pipefail
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
examples=(regulars pricebug pacer)

echo "sdk: C" >&2
c=("${CC:-cc}" -std=c11 -Wall -Wextra -Werror -g -fsanitize=address,undefined -fno-sanitize-recover=all -DSOTHEBAIS_TEST -Ic)
"${c[@]}" -o "$tmp/header" c/test/header_test.c
"$tmp/header"
for name in "${examples[@]}"; do
	"${c[@]}" -o "$tmp/$name" c/test/playback.c "c/examples/$name.c"
	"$tmp/$name" "tck/examples/$name"
done

echo "sdk: Rust" >&2
rust=("${RUSTC:-rustc}" --edition 2021 -D warnings -C debuginfo=0)
"${rust[@]}" --crate-name sothebais --test -o "$tmp/sdk" rust/src/lib.rs
"$tmp/sdk" --quiet
"${rust[@]}" --crate-name sothebais --crate-type rlib -o "$tmp/libsothebais.rlib" rust/src/lib.rs
for name in "${examples[@]}"; do
	"${rust[@]}" --crate-name "$name" --test --extern "sothebais=$tmp/libsothebais.rlib" -o "$tmp/$name" "rust/examples/$name.rs"
	"$tmp/$name" --quiet
done

echo "sdk: AssemblyScript" >&2
(cd tck/as && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; } && node --test)

echo "sdk: the plugins on the engine of node" >&2
(cd tck/node && node --test)
