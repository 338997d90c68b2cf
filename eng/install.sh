# Installs packages where a script may. Sourced by ./gt, .ci/run and eng/images/check.sh.

is_debian_root() { [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; }

# Debian starts servers as it installs them. Ours are private ones, so the system's must not even start: the guard forbids it while apt runs.
apt_install() {
  local guard=/usr/sbin/policy-rc.d made_guard=no status=0
  local apt=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -qq)
  if [[ ! -e $guard ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    made_guard=yes
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  echo "installing $*" >&2
  "${apt[@]}" install -y --no-install-recommends "$@" </dev/null >&2 ||
    { "${apt[@]}" update </dev/null >&2 && "${apt[@]}" install -y --no-install-recommends "$@" </dev/null >&2; } || status=$?
  if [[ $made_guard == yes ]]; then
    rm -f "$guard"
    trap - EXIT
  fi
  # Nor at the next boot.
  if [[ $status -eq 0 && -d /run/systemd/system ]]; then
    systemctl disable --quiet postgresql rabbitmq-server 2>/dev/null || true
  fi
  return "$status"
}

# The programs of these names, whose packages are called alike; fails where they are missing and may not be installed.
need_programs() {
  local program missing=()
  for program in "$@"; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  if ((${#missing[@]} > 0)); then
    is_debian_root && apt_install "${missing[@]}" && return
    echo "missing: ${missing[*]}"
    return 1
  fi
}
