#!/usr/bin/env bash
# Compiles the plugins of sdk/tck in every language but Go, which its test compiles itself, into sdk/tck/testdata.
#
#   sdk/guests.sh [language...]           compile: assemblyscript, c, rust, tinygo; without one, all
#   sdk/guests.sh -check [language...]    compile elsewhere and fail when another module comes out; a language whose
#                                         toolchain is not here, or is another version, is passed over and named
#
# `.ci/setup guests` installs the toolchains: Debian's clang-19, lld, rustc and LLVM, TinyGo out of the Go module proxy.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

check=
if [ "${1:-}" = -check ]; then check=1; shift; fi
languages=("$@")
[ $# -gt 0 ] || languages=(assemblyscript c rust tinygo)

# The same source and the same compiler give the same bytes; these are the compilers of what is committed.
want_c="19.1.7"
want_rust="1.63.0"
want_assemblyscript="0.28.20"
want_tinygo="0.41.1"

clang=${CLANG:-clang-19}
rustc=${RUSTC:-/usr/bin/rustc}
tinygo=${TINYGO:-$root/build/tinygo/bin/tinygo}
asc=$root/sdk/tck/as/node_modules/.bin/asc

here_c() { "$clang" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n1; }
here_rust() { [ -d "$("$rustc" --print sysroot 2>/dev/null)/lib/rustlib/wasm32-unknown-unknown" ] && "$rustc" --version | cut -d' ' -f2; }
here_assemblyscript() { [ -x "$asc" ] && node -p "require('$root/sdk/tck/as/node_modules/assemblyscript/package.json').version"; }
here_tinygo() { "$tinygo" version 2>/dev/null | cut -d' ' -f3; }

# A plugin of C: no library at all, and little memory, because the host copies it now and then. Compiled and linked in two
# steps, because clang would else run whatever wasm-opt it finds.
build_c() {
	"$clang" --target=wasm32 -std=c11 -Wall -Wextra -Werror -Os -mbulk-memory -Isdk/c -c -o "$tmp/$1.o" "sdk/c/examples/$1.c"
	wasm-ld-19 --no-entry --stack-first -z stack-size=65536 --strip-all -o "$2" "$tmp/$1.o"
}

build_rust() {
	local flags=(--edition 2021 --target wasm32-unknown-unknown -C opt-level=s -C panic=abort -C codegen-units=1)
	(
		cd sdk/rust # paths in panics begin here
		if [ ! -e "$tmp/libsothebais.rlib" ]; then
			"$rustc" --crate-name sothebais --crate-type rlib "${flags[@]}" -o "$tmp/libsothebais.rlib" src/lib.rs
		fi
		"$rustc" --crate-name "$1" --crate-type cdylib "${flags[@]}" -C lto -C strip=symbols -C linker=wasm-ld-14 \
			-C link-arg=-zstack-size=65536 --extern "sothebais=$tmp/libsothebais.rlib" -o "$2" "examples/$1.rs"
	)
}

build_assemblyscript() {
	local source=$1
	[ "$1" != conformance ] || source=plugin
	(cd sdk/tck/as && "$asc" "assembly/$source.ts" --target release --outFile "$2")
}

build_tinygo() {
	(
		cd sdk/go
		PATH=/usr/lib/llvm-19/bin:$PATH TINYGOROOT=$root/build/tinygo/src GOFLAGS= GOWORK=off \
			"$tinygo" build -opt=s -no-debug -target "$root/sdk/go/tinygo.json" -o "$2" "./examples/$1"
	)
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if [[ " ${languages[*]} " == *" assemblyscript "* ]] && command -v npm >/dev/null && ! here_assemblyscript >/dev/null; then
	(cd sdk/tck/as && npm ci --no-audit --no-fund --loglevel=error)
fi

stale=()
for l in "${languages[@]}"; do
	declare -n want=want_$l
	here=$("here_$l" || true)
	if [ "$here" != "$want" ]; then
		echo "guests: $l needs its compiler in version $want, here is ${here:-none}; .ci/setup guests installs it" >&2
		[ -n "$check" ] || exit 69
		continue
	fi
	out=$root/sdk/tck/testdata/$l
	[ -z "$check" ] || out=$tmp/$l
	mkdir -p "$out"
	for name in conformance regulars pricebug pacer; do
		[ -n "$check" ] || echo "guests: $l $name"
		"build_$l" "$name" "$out/$name.wasm"
		chmod 644 "$out/$name.wasm"
		[ -z "$check" ] || cmp -s "$out/$name.wasm" "sdk/tck/testdata/$l/$name.wasm" || stale+=("sdk/tck/testdata/$l/$name.wasm")
	done
done
if [ ${#stale[@]} -gt 0 ]; then
	echo "guests: not what their sources say: ${stale[*]}; run sdk/guests.sh" >&2
	exit 1
fi
