#!/bin/sh
# Chromium, PostgreSQL, HAProxy, LibreOffice, node and the fonts that stand in for Arial for the tests, on
# Debian and Ubuntu; elsewhere it says what is missing. The tests themselves say which of them they
# skip for want of a program.
set -eu
missing=""
command -v /usr/bin/chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v haproxy >/dev/null 2>&1 || [ -x /usr/sbin/haproxy ] || missing="$missing haproxy"
command -v soffice >/dev/null 2>&1 || missing="$missing libreoffice-impress"
[ -d /usr/share/fonts/truetype/liberation ] || [ -d /usr/share/fonts/truetype/liberation2 ] \
    || missing="$missing fonts-liberation"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
command -v pdftoppm >/dev/null 2>&1 || missing="$missing poppler-utils"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed here:$missing. The tests that need them are skipped."
    exit 0
fi
run=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "Run as root: apt-get install$missing"; exit 1; }
    run="sudo"
fi
$run apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing >/dev/null
