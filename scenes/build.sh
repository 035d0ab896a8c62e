#!/bin/sh
# Builds the scenes into a folder: sh scenes/build.sh OUT
#   OUT/*.scene.json     as they are
#   OUT/art/*.png        the stage in each light, and the props, from scenes/art
#   OUT/artworks/*.png   the demo's lots, from scenes/artworks
# A picture is drawn again only when its source is newer.
set -eu
out=${1:?usage: sh scenes/build.sh OUT}
cd "$(dirname "$0")"
case $out in /*) ;; *) out=$OLDPWD/$out ;; esac
command -v rsvg-convert >/dev/null || { echo "scenes/build.sh: rsvg-convert is missing: install the package librsvg2-bin" >&2; exit 1; }
mkdir -p "$out/art" "$out/artworks"

# draw TO FROM... : the first source is the SVG, a second is its stylesheet
draw() {
	to=$1 svg=$2 css=${3:-}
	if [ -e "$to" ] && [ ! "$svg" -nt "$to" ] && { [ -z "$css" ] || [ ! "$css" -nt "$to" ]; }; then return 0; fi
	rsvg-convert ${css:+--stylesheet="$css"} "$svg" -o "$to.$$" # so that two at a time do not spoil each other's
	mv "$to.$$" "$to"
}
for css in art/stage-*.css; do
	name=$(basename "$css" .css)
	draw "$out/art/$name.png" art/stage.svg "$css"
done
for svg in art/*.svg; do
	[ "$svg" = art/stage.svg ] || draw "$out/art/$(basename "$svg" .svg).png" "$svg"
done
for svg in artworks/*.svg; do
	draw "$out/artworks/$(basename "$svg" .svg).png" "$svg"
done
cp -- *.scene.json "$out/"
