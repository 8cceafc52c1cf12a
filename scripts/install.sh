#!/bin/sh
# Installs omk: downloads the executable for this system, verifies its checksum, and puts it in place at once or not
# at all.
#
#   OMK_REPOSITORY   where the project is: the address of its repository, without a slash at the end
#   OMK_VERSION      the release, such as v0.1.0 (default: the latest)
#   OMK_BASE_URL     where the files of the release are, instead of the project's release page: https:// or file://
#   OMK_INSTALL_DIR  where to put omk (default: ~/.local/bin)
set -eu

# Set here once the project has its place.
REPOSITORY=${OMK_REPOSITORY:-}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# find_file: sets `file` to the name of the executable for this system.
find_file() {
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    *) fail "There is no omk for $(uname -s): on Windows, use it in WSL" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) fail "There is no omk for the processor $(uname -m)" ;;
  esac
  # A shell under Rosetta takes an Apple processor for an Intel one.
  if [ "$system-$machine" = macos-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then
    machine=arm64
  fi
  file=omk-$system-$machine
}

# find_base: sets `base` to the address that the files lie below.
find_base() {
  if [ -n "${OMK_BASE_URL:-}" ]; then
    base=${OMK_BASE_URL%/}
  elif [ -z "$REPOSITORY" ]; then
    fail "Cannot tell where to download from; set OMK_BASE_URL or OMK_REPOSITORY"
  elif [ -n "${OMK_VERSION:-}" ]; then
    base=$REPOSITORY/releases/download/$OMK_VERSION
  else
    base=$REPOSITORY/releases/latest/download
  fi
}

# download ADDRESS FILE: where it fails, nothing is left to be used.
download() {
  case $1 in
    file://*)
      cp "${1#file://}" "$2" || fail "Cannot read $1"
      ;;
    *)
      if command -v curl >/dev/null 2>&1; then
        curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" || fail "Cannot download $1"
      elif command -v wget >/dev/null 2>&1; then
        wget --quiet --tries=3 --output-document="$2" "$1" || fail "Cannot download $1"
      else
        fail "Cannot download $1: there is neither curl nor wget"
      fi
      ;;
  esac
}

# sum_of FILE: prints its SHA-256.
sum_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 "$1" | sed 's/.* //'
  else
    fail "Cannot verify the download: there is none of sha256sum, shasum and openssl"
  fi
}

# verify FILE: makes sure that the checksums name it with the sum that it has.
verify() {
  wanted=$(awk -v name="$1" '$2 == name || $2 == "*" name { print $1 }' "$scratch/SHA256SUMS")
  [ -n "$wanted" ] || fail "Cannot verify the download: SHA256SUMS does not name $1; nothing was installed"
  actual=$(sum_of "$scratch/$1")
  [ "$actual" = "$wanted" ] ||
    fail "The download is not what was released: its SHA-256 is $actual, and $wanted was released; nothing was installed"
}

# install_file FILE: puts it in place in one step.
install_file() {
  mkdir -p "$directory" || fail "Cannot make $directory; set OMK_INSTALL_DIR"
  new=$directory/.omk-$$
  cp "$1" "$new" || fail "Cannot write to $directory; set OMK_INSTALL_DIR"
  chmod 755 "$new"
  "$new" --version >/dev/null 2>&1 || fail "The executable does not run on this system; nothing was installed"
  mv -f "$new" "$directory/omk" || fail "Cannot put omk into $directory"
}

finish() {
  rm -rf "$scratch"
  [ -z "$new" ] || rm -f "$new"
}

# Nothing runs before this line was read: a script that was cut short on its way does nothing.
main() {
  new=
  directory=${OMK_INSTALL_DIR:-${HOME:?set HOME or OMK_INSTALL_DIR}/.local/bin}
  find_file
  find_base
  scratch=$(mktemp -d)
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  download "$base/SHA256SUMS" "$scratch/SHA256SUMS"
  download "$base/$file" "$scratch/$file"
  verify "$file"
  install_file "$scratch/$file"
  printf 'Installed %s as %s\n' "$("$directory/omk" --version)" "$directory/omk"
  case :$PATH: in
    *":$directory:"*) ;;
    *)
      printf '%s is not on your PATH; add this to the profile of your shell:\n' "$directory"
      # shellcheck disable=SC2016  # to be expanded by that shell
      printf '  export PATH="%s:$PATH"\n' "$directory"
      ;;
  esac
}

main "$@"
