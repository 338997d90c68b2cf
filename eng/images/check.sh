#!/usr/bin/env bash
# Builds a service's image by its own Dockerfile, starts it as its own user on a read-only root, and asks for its health. Usage: eng/images/check.sh [service]
# Needs root, podman, buildah, runc and debootstrap; on Debian it installs them. Ends with 77 where a machine cannot run containers at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

service=${1:-assessment}
declare -A folders=([assessment]=assessment [tracking]=tracking [reviews]=review-scheduling [reporting]=reporting)
folder=${folders[$service]:?there is no service called $service}
image=localhost/goldenthread-$service
container=goldenthread-check-$$
say() { echo "images: $*"; }

. eng/install.sh
need_programs podman buildah runc debootstrap curl || exit 77

eng/probe-registry.sh
for base in sdk runtime; do
  podman image exists "localhost/goldenthread-$base" || { eng/images/base.sh; break; }
done
# The limits are named since podman's own are higher than a confined machine may set.
confined=(--runtime runc run --network host --ulimit nofile=4096:4096 --ulimit nproc=4096:4096
  --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
podman "${confined[@]}" --rm localhost/goldenthread-debian true || { say "this machine cannot run containers"; exit 77; }

say "building $image"
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
mkdir -p "$packages"
buildah bud --quiet --network host --volume "$packages:/root/.nuget/packages:rw" \
  --build-arg SDK_IMAGE=localhost/goldenthread-sdk --build-arg RUNTIME_IMAGE=localhost/goldenthread-runtime \
  --file "services/$folder/Dockerfile" --tag "$image" . >/dev/null

# Were the port taken, the container could not listen and would end: it is never somebody else who answers.
port=$((20000 + RANDOM % 10000))
trap 'podman rm --force --ignore "$container" >/dev/null 2>&1' EXIT

# Nothing that it needs is there: it must start, say that it lives, and say why it is not ready.
podman "${confined[@]}" --detach --name "$container" \
  --env Service__HealthPort="$port" --env Service__GrpcPort=$((port + 10000)) \
  --env Database__ConnectionString="Host=127.0.0.1;Port=9;Username=nobody;Password=none;Database=none;Timeout=2" \
  --env Rabbit__Host=127.0.0.1 --env Rabbit__Port=9 --env Rabbit__User=nobody --env Rabbit__Password=none \
  --env Identity__Issuers__0__Authority=http://127.0.0.1:9 --env Identity__Issuers__0__InternalAudience=internal \
  --env Identity__Client__Id="svc-$service" --env Identity__Client__Secret=none --env Identity__Client__TokenEndpoint=http://127.0.0.1:9/token \
  --env Services__Assessment=http://127.0.0.1:9 --env Services__Tracking=http://127.0.0.1:9 \
  --env Services__Reviews=http://127.0.0.1:9 --env Services__Reporting=http://127.0.0.1:9 \
  "$image" >/dev/null

for _ in $(seq 60); do
  if live=$(curl --silent --fail "http://127.0.0.1:$port/health/live"); then
    ready=$(curl --silent --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port/health/ready")
    user=$(podman top "$container" huser | tail -1)
    say "$service runs as user $user, /health/live says '$live', /health/ready answers $ready without a database"
    [[ $live == live && $ready == 503 && $user != root && $user != 0 ]] && exit 0
    exit 1
  fi
  podman inspect --format '{{.State.Running}}' "$container" | grep -q true || break
  sleep 0.5
done
say "$service never answered /health/live:"
podman logs "$container" 2>&1 | tail -30
exit 1
