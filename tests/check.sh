#!/usr/bin/env bash
# Installs what the checks need into .venv-check and runs every check: rules of style, types,
# import rules, unit tests, browser tests. Nothing is skipped: a check that can't run has failed.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 -m venv .venv-check
. .venv-check/bin/activate
pip install --quiet --disable-pip-version-check -r tests/requirements.txt

# A Chromium for the browser tests: the system's, Debian's package, or Playwright's own.
if [ ! -e "${CHARLOOM_CHROMIUM:-/usr/bin/chromium}" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null
  else
    playwright install chromium
  fi
fi

# An nginx for the tests of a server behind a proxy.
if [ ! -x /usr/sbin/nginx ] && ! command -v nginx >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests of a server behind a proxy need nginx: please install it." >&2
    exit 1
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nginx-light >/dev/null
fi

ruff check .
ruff format --check .
mypy
lint-imports
export OMP_NUM_THREADS=1
if [ $# -gt 0 ]; then
  pytest -q "$@"
else
  pytest -q -n 2 --dist loadgroup --ignore=tests/browser
  pytest -q -n 2 --dist loadfile tests/browser
fi
