#!/usr/bin/env bash
# Asks the configured package registry whether it serves the packages that stock gRPC and YARP depend on,
# and writes eng/standins.props: which of our stand-ins take the place of a package that is absent.
# Does nothing when the answer is already there, unless --force is given. See docs/adr/0006-stand-ins.md.
set -euo pipefail

usage="Usage: eng/probe-registry.sh [--force]"
force=false
for argument in "$@"; do
  case "$argument" in
    --force) force=true ;;
    *) echo "$usage" >&2; exit 64 ;;
  esac
done

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
answer="$root/eng/standins.props"
if [[ -e "$answer" && "$force" == false ]]; then
  exit 0
fi

if ! command -v dotnet > /dev/null; then
  echo "Cannot ask the package registry: the .NET SDK ('dotnet') is not installed." >&2
  exit 69
fi

# gRPC's packages share one version; Yarp.ReverseProxy 2.1.0 asks for System.IO.Hashing 7.0.0.
grpc_version="$(sed -n 's/.*Include="Grpc\.Net\.Client" Version="\([^"]*\)".*/\1/p' "$root/Directory.Packages.props")"
hashing_version="7.0.0"
if [[ -z "$grpc_version" ]]; then
  echo "Cannot ask the package registry: Directory.Packages.props names no version of Grpc.Net.Client." >&2
  exit 65
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Says 'served' or 'absent'. Whatever else happens is no answer, and ends the script.
probe() {
  local package="$1" version="$2" folder="$work/$1"
  mkdir "$folder"

  # Empty, so that nothing from a folder above has a say.
  local file
  for file in Directory.Build.props Directory.Build.targets Directory.Packages.props; do
    echo '<Project />' > "$folder/$file"
  done
  for file in nuget.config NuGet.config NuGet.Config; do
    if [[ -e "$root/$file" ]]; then
      cp "$root/$file" "$folder/"
    fi
  done
  cat > "$folder/Probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="$package" Version="[$version]" />
  </ItemGroup>
</Project>
XML

  local log="$folder/restore.log"
  if DOTNET_CLI_UI_LANGUAGE=en dotnet restore "$folder/Probe.csproj" --no-http-cache > "$log" 2>&1; then
    echo served
    return
  fi

  # NU1101: no such package. NU1102: the package, but not this version. Any other error means that nobody answered.
  local other
  other="$(grep -oE 'error [A-Z]+[0-9]+' "$log" | grep -vE 'NU110[12]$' | sort -u | tr '\n' ' ' || true)"
  if [[ -z "$other" ]] && grep -qE 'error NU110[12]' "$log"; then
    echo absent
    return
  fi

  echo "The package registry gave no answer about $package $version, so eng/standins.props was not written." \
    "Check the network and the registry, then try again. What dotnet said:" >&2
  grep -E 'error|rror:' "$log" >&2 || cat "$log" >&2
  return 1
}

grpc_api="$(probe Grpc.Core.Api "$grpc_version")"
grpc_common="$(probe Grpc.Net.Common "$grpc_version")"
hashing="$(probe System.IO.Hashing "$hashing_version")"

# Grpc.Net.Common is bound to Grpc.Core.Api: they are stood in for together.
grpc_stand_ins=false
hashing_stand_in=false
stand_ins=()
if [[ "$grpc_api" == absent || "$grpc_common" == absent ]]; then
  grpc_stand_ins=true
  stand_ins+=(Grpc.Core.Api Grpc.Net.Common)
fi
if [[ "$hashing" == absent ]]; then
  hashing_stand_in=true
  stand_ins+=(System.IO.Hashing)
fi

cat > "$work/standins.props" <<XML
<Project>
  <!-- Written by eng/probe-registry.sh; delete it, and the next ./gt asks again. -->
  <PropertyGroup>
    <GrpcStandIns>$grpc_stand_ins</GrpcStandIns>
    <HashingStandIn>$hashing_stand_in</HashingStandIn>
  </PropertyGroup>
</Project>
XML
mv "$work/standins.props" "$answer"

if [[ ${#stand_ins[@]} -eq 0 ]]; then
  echo "The package registry serves every package, so no stand-in is used."
else
  echo "The package registry does not serve all packages, so stand-ins from eng/standins take the place of: ${stand_ins[*]}."
fi
