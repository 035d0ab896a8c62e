#!/bin/sh
# Builds every shipped plugin into <dir>/plugins/<id>/, the personality interpreter into <dir>/interpreter.wasm and the
# engine for scripts into <dir>/js-engine.wasm.
# Only what is older than its sources is built again.
#
#   plugins/build.sh build
set -eu

if [ $# -ne 1 ]; then
  echo "usage: $0 <dir>" >&2
  exit 64
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
sdk=$here/../sdk
cd "$here"

for tool in go node npm; do
  command -v "$tool" >/dev/null || { echo "$0: $tool is missing; install it (Debian: golang-go, nodejs, npm)" >&2; exit 69; }
done

# stale TARGET SOURCES... is true when the target is missing or older than any source.
stale() {
  target=$1
  shift
  [ ! -e "$target" ] || [ -n "$(find "$@" -path '*/node_modules' -prune -o -type f -newer "$target" -print -quit)" ]
}

# go_guest TARGET PACKAGE builds a Go plugin.
go_guest() {
  if stale "$1" "./$2" go.mod go.sum "$sdk/go"; then
    echo "plugins: $2 (Go)"
    GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o "$1.part" "./$2"
    mv "$1.part" "$1"
  fi
}

# as_guest TARGET FOLDER builds an AssemblyScript plugin.
as_guest() {
  if stale "$1" "./$2" "$sdk/assemblyscript"; then
    echo "plugins: $2 (AssemblyScript)"
    (
      cd "$2"
      if stale node_modules/.package-lock.json package-lock.json; then
        npm ci --no-audit --no-fund --loglevel=error
        touch node_modules/.package-lock.json
      fi
      npx --no-install asc assembly/plugin.ts --target release --outFile "$1.part"
    )
    mv "$1.part" "$1"
  fi
}

# file TARGET SOURCE copies a file that changed.
file() {
  cmp -s "$2" "$1" || cp "$2" "$1"
}

for id in overlay scene-rules dusty-gavel mina-vox; do
  mkdir -p "$out/plugins/$id"
done

go_guest "$out/interpreter.wasm" personality
if stale "$out/js-engine.wasm" js-engine/*.c js-engine/*.h js-engine/build.sh "$sdk/js/plugin.js" "$sdk/js/v1.js"; then
  echo "plugins: js-engine (C)"
  js-engine/build.sh "$out/js-engine.wasm"
  cp js-engine/build/quickjs-*/LICENSE "$out/LICENSE.quickjs"
fi
go_guest "$out/plugins/overlay/plugin.wasm" overlay
file "$out/plugins/overlay/plugin.yaml" overlay/plugin.yaml
as_guest "$out/plugins/scene-rules/plugin.wasm" scenerules
file "$out/plugins/scene-rules/plugin.yaml" scenerules/plugin.yaml
for id in dusty-gavel mina-vox; do
  file "$out/plugins/$id/plugin.yaml" "$id/plugin.yaml"
  file "$out/plugins/$id/personality.yaml" "$id/personality.yaml"
done

# The SDKs go along for `sothebais new`; the ending keeps Go from taking them for packages of the program. Cargo wants
# the examples that its manifest names, the others do without.
for lang in assemblyscript c go js rust; do
  [ -d "$sdk/$lang" ] || continue
  skip=examples
  [ $lang = rust ] && skip=none
  (cd "$sdk/$lang" && find . \( -name node_modules -o -name target -o -name $skip -o -name test -o -name testdata -o -name build \) -prune -o -type f ! -name '*_test.go' ! -name '*.test.*' ! -name tsconfig.json ! -name '.*' -print) | while read -r name; do
    mkdir -p "$(dirname "$out/sdk/$lang/$name")"
    file "$out/sdk/$lang/$name.src" "$sdk/$lang/$name"
  done
done
