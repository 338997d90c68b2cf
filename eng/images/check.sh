#!/usr/bin/env bash
# Builds images by their own Dockerfiles, starts each as its own user on a read-only root, and asks for its health; the gateway also for /docs and the
# document of its interface. Usage: eng/images/check.sh [name ...], such as assessment gateway, which are the two it takes unless told otherwise.
# Needs root, podman, buildah, runc and debootstrap; on Debian it installs them. Ends with 77 where a machine cannot run containers at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

(($# > 0)) || set -- assessment gateway
declare -A dockerfiles=([assessment]=services/assessment [tracking]=services/tracking [reviews]=services/review-scheduling
  [reporting]=services/reporting [gateway]=gateway)
for name in "$@"; do
  : "${dockerfiles[$name]:?there is no image called $name}"
done
say() { echo "images: $*"; }

. eng/install.sh
need_programs podman buildah runc debootstrap curl || exit 77
container=goldenthread-check-$$
volume=goldenthread-check-$$
work=$(mktemp -d)
trap 'rm -rf "$work"; podman rm --force --ignore "$container" >/dev/null 2>&1; podman volume rm --force "$volume" >/dev/null 2>&1' EXIT

eng/probe-registry.sh
for base in sdk runtime; do
  podman image exists "localhost/goldenthread-$base" || { eng/images/base.sh; break; }
done
# The limits are named since podman's own are higher than a confined machine may set.
confined=(--runtime runc run --network host --ulimit nofile=4096:4096 --ulimit nproc=4096:4096
  --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
podman "${confined[@]}" --rm localhost/goldenthread-debian true || { say "this machine cannot run containers"; exit 77; }

build() {
  local packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
  say "building localhost/goldenthread-$1"
  mkdir -p "$packages"
  # An image takes packages as its builder's registry serves them; this one is built where that may not serve all of them.
  grep -v '^eng/standins.props$' .dockerignore >"$work/ignored"
  buildah bud --quiet --network host --ignorefile "$work/ignored" --volume "$packages:/root/.nuget/packages:rw" \
    --build-arg SDK_IMAGE=localhost/goldenthread-sdk --build-arg RUNTIME_IMAGE=localhost/goldenthread-runtime \
    --file "${dockerfiles[$1]}/Dockerfile" --tag "localhost/goldenthread-$1" . >/dev/null
}

# Starts an image under the settings that follow its name, and waits until it says that it lives.
start() {
  local name=$1 port=$2
  shift 2
  podman "${confined[@]}" --detach --name "$container" "$@" "localhost/goldenthread-$name" >/dev/null
  for _ in $(seq 60); do
    curl --silent --fail "http://127.0.0.1:$port/health/live" >"$work/live" && return
    podman inspect --format '{{.State.Running}}' "$container" | grep -q true || break
    sleep 0.5
  done
  say "$name never answered /health/live:"
  podman logs "$container" 2>&1 | tail -30
  return 1
}

user_of() { podman top "$container" huser | tail -1; }
status_of() { curl --silent --output "$work/answer" --write-out '%{http_code}' "http://127.0.0.1:$1"; }

# Were the port taken, the container could not listen and would end: it is never somebody else who answers.
free_port() { echo $((20000 + RANDOM % 10000)); }

# Nothing that it needs is there: it must start, say that it lives, and say why it is not ready.
check_service() {
  local port user ready
  port=$(free_port)
  start "$1" "$port" \
    --env Service__HealthPort="$port" --env Service__GrpcPort=$((port + 10000)) \
    --env Database__ConnectionString="Host=127.0.0.1;Port=9;Username=nobody;Password=none;Database=none;Timeout=2" \
    --env Rabbit__Host=127.0.0.1 --env Rabbit__Port=9 --env Rabbit__User=nobody --env Rabbit__Password=none \
    --env Identity__Issuers__0__Authority=http://127.0.0.1:9 --env Identity__Issuers__0__InternalAudience=internal \
    --env Identity__Client__Id="svc-$1" --env Identity__Client__Secret=none --env Identity__Client__TokenEndpoint=http://127.0.0.1:9/token \
    --env Services__Assessment=http://127.0.0.1:9 --env Services__Tracking=http://127.0.0.1:9 \
    --env Services__Reviews=http://127.0.0.1:9 --env Services__Reporting=http://127.0.0.1:9
  ready=$(status_of "$port/health/ready")
  user=$(user_of)
  say "$1 runs as user $user, /health/live says '$(<"$work/live")', /health/ready answers $ready without a database"
  [[ $(<"$work/live") == live && $ready == 503 && $user != root && $user != 0 ]]
}

# What compose sets for the gateway, with a made-up value for each secret.
settings_in_compose() {
  sed -n '/^  gateway:$/,/^[a-z]/p' docker-compose.yml | sed -n '/^    environment:$/,$p' |
    sed -nE 's/^      ([A-Za-z0-9_-]+): "?([^"]*)"?$/\1=\2/p' | sed -E 's/\$\{[^}]*\}/made-up/'
}

# As compose starts it, but for the ports. No service is there: it must be ready for those that will be, and show what it has itself.
check_gateway() {
  local port user ready docs
  port=$(free_port)
  settings_in_compose >"$work/settings"
  start gateway "$port" --env-file "$work/settings" --env Gateway__HttpPort="$port" --env Gateway__GrpcPort=$((port + 10000)) \
    --volume "$volume:/var/lib/goldenthread"
  ready=$(status_of "$port/health/ready")
  user=$(user_of)
  docs=$(status_of "$port/docs")
  say "gateway runs as user $user, /health/live says '$(<"$work/live")', /health/ready answers $ready, /docs $docs"
  [[ $ready == 200 && $docs == 200 && $user != root && $user != 0 ]] || return
  grep -q 'src="/docs/scalar.js"' "$work/answer" && [[ $(status_of "$port/docs/scalar.js") == 200 ]] && cmp "$work/answer" gateway/openapi/scalar/standalone.js ||
    { say "/docs has no reader, or another than was fetched"; return 1; }
  [[ $(status_of "$port/openapi/v1.json") == 200 ]] && cmp "$work/answer" gateway/openapi/v1.json ||
    { say "/openapi/v1.json is not the committed document"; return 1; }
  # Signed with a key that it could write.
  [[ $(status_of "$port/connect/jwks") == 200 ]] && grep -q '"kid"' "$work/answer" || { say "the development issuer has no key"; return 1; }
}

for name in "$@"; do
  if [[ $name == gateway ]]; then
    eng/fetch-scalar.sh
  fi
  build "$name"
  if [[ $name == gateway ]]; then check_gateway; else check_service "$name"; fi
  podman rm --force --ignore "$container" >/dev/null 2>&1
done
