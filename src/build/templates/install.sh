#!/bin/sh
# Installs Whisper @VERSION@: one program into one folder, and nothing else.
#   sh install.sh [FOLDER]      default: ~/.local/bin
# The program is checked against the SHA-256 sums of the release before it is put in place. To remove
# Whisper, remove that file. WHISPER_DOWNLOAD: another place that has the files of the release, an
# address or a folder.
set -eu

version=@VERSION@
place=${WHISPER_DOWNLOAD:-@HOME@/releases/download/v$version}
folder=${1:-${HOME:?Set HOME, or name a folder.}/.local/bin}

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

case $(uname -s)-$(uname -m) in
  Linux-x86_64) target=x86_64-unknown-linux-gnu ;;
  Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-gnu ;;
  Darwin-x86_64) target=x86_64-apple-darwin ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *) fail "Whisper is not available for $(uname -s) on $(uname -m)." "With Deno you can start it from its sources: deno task chat." ;;
esac
name=whisper-$target

fetch() {
  case $place in
    http://* | https://*)
      if command -v curl >/dev/null; then curl -fsSL -o "$2" "$place/$1"
      elif command -v wget >/dev/null; then wget -q -O "$2" "$place/$1"
      else fail "Neither curl nor wget is there to fetch Whisper with. Install one of them."
      fi ;;
    *) cp "$place/$1" "$2" ;;
  esac || fail "Cannot fetch $1 from $place." "Check the connection, and start again."
}

sum_of() {
  if command -v sha256sum >/dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -d ' ' -f 1
}

mkdir -p "$folder" || fail "Cannot make $folder." "Name a folder of your own: sh install.sh FOLDER."
# Beside its place, so that it comes there whole or not at all.
work=$(mktemp -d "$folder/.whisper.XXXXXX") || fail "Cannot write to $folder." "Name a folder of your own: sh install.sh FOLDER."
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

fetch SHA256SUMS "$work/sums"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" "$work/sums")
[ -n "$wanted" ] || fail "The release has no sum for $name. Nothing was installed."
fetch "$name" "$work/whisper"
[ "$(sum_of "$work/whisper")" = "$wanted" ] || fail "The program that came is not the one that was released. Nothing was installed."
chmod 755 "$work/whisper"
"$work/whisper" --version >/dev/null || fail "The program does not run on this computer. Nothing was installed."
mv -f "$work/whisper" "$folder/whisper"

echo "Whisper $version is in $folder/whisper."
case :${PATH:-}: in
  *:"$folder":*) echo "Start it with: whisper" ;;
  *) echo "Start it with: $folder/whisper (that folder is not on your PATH)" ;;
esac
