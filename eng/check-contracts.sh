#!/usr/bin/env bash
# Checks the contracts: protos by buf (lint, and breaking against the baseline that was agreed last), the committed OpenAPI document by comparison with what the
# gateway would answer now, and by redocly. The gateway must be built. One check: eng/check-contracts.sh <lint|breaking|drift|document>; all: none.
# `eng/check-contracts.sh agree` writes the baseline.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$PWD/eng/contracts-tools
document=gateway/openapi/v1.json
baseline=$tools/baseline.binpb

# The tools of eng/contracts-tools, as its lock file has them.
have_tools() {
  if [[ -x $tools/node_modules/.bin/buf && -x $tools/node_modules/.bin/redocly ]]; then
    return
  fi

  if ! command -v npm >/dev/null; then
    echo "npm is missing; it installs the tools that check the contracts"
    return 1
  fi

  (cd "$tools" && npm ci --no-audit --no-fund --loglevel=error)
}

lint() {
  (cd protos && "$tools/node_modules/.bin/buf" lint)
  echo "protos: lint is clean"
}

# Contracts only grow: compared with what was agreed last. Who breaks one on purpose writes the baseline anew, which the change then shows.
breaking() {
  (cd protos && "$tools/node_modules/.bin/buf" breaking --against "$baseline")
  echo "protos: nothing of $(basename "$baseline") is broken"
}

# Takes over the contracts as they are now.
agree() {
  (cd protos && "$tools/node_modules/.bin/buf" build --exclude-source-info --output "$baseline")
}

# The newest build of the gateway, whatever its configuration.
built_gateway() { ls -t gateway/GoldenThread.Gateway/bin/*/net10.0/GoldenThread.Gateway.dll 2>/dev/null | head -1; }

drift() {
  local gateway
  gateway=$(built_gateway)
  if [[ -z $gateway ]]; then
    echo "the gateway is not built: dotnet build gateway/GoldenThread.Gateway"
    return 1
  fi

  if ! dotnet "$gateway" openapi | diff -u "$document" - >artifacts/openapi.diff; then
    head -50 artifacts/openapi.diff
    echo "$document is not what the contracts say now. To take it over: dotnet $gateway openapi > $document"
    return 1
  fi

  echo "$document: as the contracts say"
}

document() {
  "$tools/node_modules/.bin/redocly" lint --config "$tools/redocly.yaml" "$document"
}

mkdir -p artifacts
have_tools
for check in "${@:-lint breaking drift document}"; do
  # Unquoted: without arguments the word list is the four checks.
  for one in $check; do
    "$one"
  done
done
