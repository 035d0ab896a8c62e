#!/bin/sh
# Builds the guests beside this file from their text (needs wabt); fixture.wasm comes from plugins/fixture.
set -eu
cd "$(dirname "$0")"
for f in echo empty feature import needs signature store table; do wat2wasm "$f.wat" -o "$f.wasm"; done
wat2wasm --no-check thief.wat -o thief.wasm # invalid on purpose
wat2wasm ../wasmbench/pass.wat -o ../wasmbench/pass.wasm
