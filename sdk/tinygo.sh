#!/usr/bin/env bash
# Builds TinyGo out of the Go module proxy, against Debian's LLVM, into <dir>: bin/tinygo, and src as its TINYGOROOT.
#
#   sdk/tinygo.sh build/tinygo
set -euo pipefail
version=v0.41.1
sum="h1:Hp1Frc4zQALL88t49XraSZEwkIYEjMOmmurlmsTigzE="

[ $# -eq 1 ] || { echo "usage: $0 <dir>" >&2; exit 64; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cd "$tmp"
printf 'module tinygo.build\n\ngo 1.26\n' >go.mod
go mod download -json "github.com/tinygo-org/tinygo@$version" >module.json
read -r got dir < <(node -p 'const m = JSON.parse(require("fs").readFileSync("module.json")); m.Sum + " " + m.Dir')
[ "$got" = "$sum" ] || { echo "$0: tinygo $version has the sum $got, want $sum" >&2; exit 65; }
rm -rf "$out/src"
cp -r "$dir" "$out/src"
chmod -R u+w "$out/src"
mkdir -p "$out/src/src/net" # a submodule that the proxy leaves out; plugins have no network
cd "$out/src"
GOFLAGS= GOWORK=off CGO_ENABLED=1 go build -trimpath -tags "llvm19 osusergo" -o "$out/bin/tinygo" .
