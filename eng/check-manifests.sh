#!/usr/bin/env bash
# Checks the Kubernetes manifests and the compose file offline: kustomize builds each overlay where kubectl or kustomize is present, typed
# models check every object (unknown fields too), a schema checks compose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd eng/manifest-tools && npm ci --no-audit --no-fund --loglevel=error)
node eng/manifest-tools/check-compose.mjs docker-compose.yml

if command -v kubectl >/dev/null; then
  build() { kubectl kustomize "$1"; }
elif command -v kustomize >/dev/null; then
  build() { kustomize build "$1"; }
else
  echo "neither kubectl nor kustomize is here: the base's files are checked one by one, the overlays are not built"
  mapfile -t files < <(find k8s/base -mindepth 2 -name '*.yaml' ! -name kustomization.yaml | sort)
  node eng/manifest-tools/check-kubernetes.mjs "${files[@]}"
  exit
fi

for overlay in k8s/overlays/*/; do
  build "$overlay" >"$work/$(basename "$overlay").yaml"
done
node eng/manifest-tools/check-kubernetes.mjs "$work"/*.yaml
