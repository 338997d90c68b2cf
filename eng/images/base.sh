#!/usr/bin/env bash
# Makes the two images that a service's Dockerfile is built from and run in, out of Debian's packages and this machine's .NET SDK:
# localhost/goldenthread-sdk and localhost/goldenthread-runtime. For machines without a registry of images; elsewhere name your own (see README).
set -euo pipefail

suite=bookworm
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! podman image exists localhost/goldenthread-debian; then
  debootstrap --variant=minbase --include=ca-certificates,libicu72,libssl3,libstdc++6,tzdata,zlib1g "$suite" "$work/root" >"$work/debootstrap.log" ||
    { tail -20 "$work/debootstrap.log" >&2; exit 1; }
  tar -C "$work/root" --exclude=./var/cache --exclude=./var/lib/apt/lists -c . | podman import --quiet - localhost/goldenthread-debian >/dev/null
fi

# The SDK as it is here, with the certificates this machine trusts, so that it restores from where this machine restores.
container=$(buildah from localhost/goldenthread-debian)
buildah copy --quiet "$container" "$dotnet" /usr/share/dotnet >/dev/null
buildah copy --quiet "$container" /etc/ssl/certs /etc/ssl/certs >/dev/null
buildah run "$container" -- ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
buildah config --env DOTNET_CLI_TELEMETRY_OPTOUT=1 --env DOTNET_NOLOGO=1 "$container"
buildah commit --quiet --rm "$container" localhost/goldenthread-sdk >/dev/null

# The runtime alone, for ASP.NET Core.
mkdir -p "$work/dotnet/shared"
cp -a "$dotnet/dotnet" "$dotnet/host" "$work/dotnet/"
cp -a "$dotnet/shared/Microsoft.NETCore.App" "$dotnet/shared/Microsoft.AspNetCore.App" "$work/dotnet/shared/"
container=$(buildah from localhost/goldenthread-debian)
buildah copy --quiet "$container" "$work/dotnet" /usr/share/dotnet >/dev/null
buildah run "$container" -- ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
buildah commit --quiet --rm "$container" localhost/goldenthread-runtime >/dev/null
podman images --format '{{.Repository}} {{.Size}}' | grep '^localhost/goldenthread-'
