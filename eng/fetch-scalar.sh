#!/usr/bin/env bash
# Fetches the reader of the OpenAPI document (Scalar, MIT), which the gateway then carries within itself and shows at /docs. One file of one npm
# package, of a pinned version and digest; the gateway builds without it and says so at /docs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=1.72.1
digest=XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow==
target=gateway/openapi/scalar
if [[ -f $target/$version.txt && -f $target/standalone.js ]]; then
  exit 0
fi

if ! command -v npm >/dev/null; then
  echo "npm is missing (the document itself is served at /openapi/v1.json all the same)" >&2
  exit 1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack "@scalar/api-reference@$version" --silent --fetch-retries=1 --fetch-timeout=60000 >/dev/null)
archive=$folder/scalar-api-reference-$version.tgz
# By Node.js, which npm brings along: not every image has openssl.
fetched=$(node -p 'crypto.createHash("sha512").update(fs.readFileSync(process.argv[1])).digest("base64")' "$archive")
if [[ $fetched != "$digest" ]]; then
  echo "@scalar/api-reference $version is not the file that was reviewed: sha512 $fetched" >&2
  exit 1
fi

mkdir -p "$target"
tar -xzf "$archive" -C "$folder" package/dist/browser/standalone.js
mv "$folder/package/dist/browser/standalone.js" "$target/standalone.js"
echo "@scalar/api-reference $version, MIT" >"$target/$version.txt"
echo "fetched @scalar/api-reference $version into $target"
