#!/bin/sh
# eslint on the scripts of the browser; where npm is missing it says so and passes.
set -eu
if ! command -v npm >/dev/null 2>&1; then
    echo "npm is not installed: the scripts in pcs_dash/assets were not linted."
    exit 0
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent --no-audit --no-fund
fi
npm run --silent lint
