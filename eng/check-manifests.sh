#!/usr/bin/env bash
# Checks the Kubernetes manifests and the compose file offline: kustomize builds each overlay where kubectl or kustomize is present, typed
# models check every object (unknown fields too), production must lack nothing that is no type error, a schema checks compose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd eng/manifest-tools && npm ci --no-audit --no-fund --loglevel=error)
node eng/manifest-tools/check-compose.mjs docker-compose.yml

# The local overlay's Secrets are made by a script, out of what compose reads from .env: here of invented values.
grep -oE '\$\{[A-Z_]+:\?' docker-compose.yml | tr -d '${:?' | sort -u | sed 's/$/=invented/' >"$work/env"
k8s/overlays/local/secrets.sh "$work/env" >"$work/local-secrets.yaml"

if command -v kubectl >/dev/null; then
  build() { kubectl kustomize "$1"; }
elif command -v kustomize >/dev/null; then
  build() { kustomize build "$1"; }
else
  echo "neither kubectl nor kustomize is here: the files are checked one by one, the overlays are not built"
  mapfile -t files < <(find k8s -name '*.yaml' ! -name kustomization.yaml | sort)
  node eng/manifest-tools/check-kubernetes.mjs "$work/local-secrets.yaml" "${files[@]}"
  exit
fi

for overlay in k8s/overlays/*/; do
  build "$overlay" >"$work/$(basename "$overlay").yaml"
done
node eng/manifest-tools/check-kubernetes.mjs "$work"/*.yaml
node eng/manifest-tools/check-references.mjs "$work/local.yaml" "$work/local-secrets.yaml"
node eng/manifest-tools/check-shape.mjs "$work/production.yaml"
