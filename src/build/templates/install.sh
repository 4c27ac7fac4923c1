#!/bin/sh
# Installs Whisper @VERSION@: one program in one folder, and nothing else.
#   sh install.sh [FOLDER]      default: ~/.local/bin
# The program has to match the SHA-256 sums of the release. Where gh (signed in) or cosign is installed,
# it also has to have the release's attestation, which tells where it was built. To uninstall, delete the
# file. WHISPER_DOWNLOAD: another address or folder with the files of the release. WHISPER_ATTESTATION=skip:
# install without checking the attestation.
set -eu

version=@VERSION@
place=${WHISPER_DOWNLOAD:-@HOME@/releases/download/v$version}
# OWNER/NAME.
repository=$(printf '%s\n' "@HOME@" | sed 's#^https://[^/]*/##')
folder=${1:-${HOME:?is not set. Choose a folder: sh install.sh FOLDER}/.local/bin}

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
      else fail "The download needs curl or wget. Install one of them and try again."
      fi ;;
    *) cp "$place/$1" "$2" ;;
  esac || fail "Can't download $1 from $place." "Check your connection and try again."
}

sum_of() {
  if command -v sha256sum >/dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -d ' ' -f 1
}

mkdir -p "$folder" || fail "Can't create $folder." "Choose another folder: sh install.sh FOLDER"
# In the same folder, so that the last step is a rename: the program is replaced whole or not at all.
work=$(mktemp -d "$folder/.whisper.XXXXXX") || fail "Can't write to $folder." "Choose another folder: sh install.sh FOLDER"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

fetch SHA256SUMS "$work/sums"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" "$work/sums")
[ -n "$wanted" ] || fail "The release has no checksum for $name. Nothing was installed."
fetch "$name" "$work/whisper"
[ "$(sum_of "$work/whisper")" = "$wanted" ] || fail "The download doesn't match its checksum. Nothing was installed."

# Whether the attestation was checked; ends the script if the check failed.
check_attestation() {
  if [ "${WHISPER_ATTESTATION:-}" = skip ]; then return 1; fi
  if command -v gh >/dev/null && gh auth status >/dev/null 2>&1; then
    gh attestation verify "$work/whisper" --repo "$repository" >/dev/null 2>&1 || refuse gh
  elif command -v cosign >/dev/null && (fetch whisper.sigstore.json "$work/bundle") 2>/dev/null; then
    cosign verify-blob-attestation --new-bundle-format --bundle "$work/bundle" --type slsaprovenance1 \
      --certificate-oidc-issuer https://token.actions.githubusercontent.com \
      --certificate-identity "@HOME@/.github/workflows/release.yml@refs/tags/v$version" \
      "$work/whisper" >/dev/null 2>&1 || refuse cosign
  else
    return 1
  fi
}

refuse() {
  fail "$1 did not accept the attestation of the download. Nothing was installed." \
    "To install it unchecked, set WHISPER_ATTESTATION=skip."
}

if check_attestation; then origin="It was built by the release workflow of $repository."
else origin="Its origin was not checked: that needs gh (signed in) or cosign. See @HOME@/blob/v$version/docs/VERIFY.md"
fi
chmod 755 "$work/whisper"
"$work/whisper" --version >/dev/null || fail "The program doesn't run on this computer. Nothing was installed."
mv -f "$work/whisper" "$folder/whisper"

echo "Installed Whisper $version: $folder/whisper"
echo "$origin"
case :${PATH:-}: in
  *:"$folder":*) echo "Start it with: whisper" ;;
  *) echo "Start it with: $folder/whisper (this folder is not on your PATH)" ;;
esac
