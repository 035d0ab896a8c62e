#!/bin/sh
# Builds the guests beside this file from their text (needs wabt); fixture.wasm comes from plugins/fixture.
set -eu
cd "$(dirname "$0")"
for f in dice echo empty feature import later needs noroom nowasi outside signature start store table wordy; do wat2wasm "$f.wat" -o "$f.wasm"; done
wat2wasm --no-check thief.wat -o thief.wasm # invalid on purpose
for f in limits/*.wat; do wat2wasm "$f" -o "${f%.wat}.wasm"; done
wat2wasm ../wasmbench/pass.wat -o ../wasmbench/pass.wasm
