#!/usr/bin/env bash
# A Docker engine and the host image's base, on a Debian machine that may have neither engine nor registry.
#   docker/engine.sh        whatever is missing; prints the variables to set, for `eval "$(docker/engine.sh)"`
#   docker/engine.sh stop   ends the engine, if this script started it
set -euo pipefail

base=debian:bookworm-slim
run_dir=/run/finwait-engine
pid_file=$run_dir/dockerd.pid
log=$run_dir/dockerd.log
# A user's PATH on Debian lacks the sbin folders, where dockerd lives.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

main() {
  case ${1:-start} in
    start) start ;;
    stop) stop ;;
    *) fail "unknown argument \"$1\": use start (the default) or stop" ;;
  esac
}

start() {
  if ! answers; then
    [ -z "${DOCKER_HOST:-}" ] || fail "no engine answers at DOCKER_HOST=$DOCKER_HOST. Start it, or unset DOCKER_HOST."
    [ "$(id -u)" = 0 ] || fail "no engine answers, and starting one needs root"
    mkdir -p "$run_dir"
    exec 9>"$run_dir/lock"
    flock 9
    answers || start_engine
    exec 9>&-
  fi
  provide_base
  # Testcontainers cleans up through this image. Without it finwait's own cleaning has to do.
  if ! provided "$(ryuk_image)"; then
    say "$(ryuk_image) cannot be had: Testcontainers runs without it"
    echo "export TESTCONTAINERS_RYUK_DISABLED=true"
  fi
}

start_engine() {
  install_missing dockerd docker.io ca-certificates
  # A client of its own since Debian 13.
  install_missing docker docker-cli
  # The package starts the engine itself where there is an init system.
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  elif ! answers; then
    say "starting dockerd, log in $log"
    forget_dead "$pid_file" dockerd
    forget_dead /var/run/docker/containerd/containerd.pid containerd
    # No TCP socket, and what containers publish stays on loopback. Neither this script's end nor its terminal's ends it.
    setsid nohup dockerd --pidfile "$pid_file" --host unix:///var/run/docker.sock --ip 127.0.0.1 \
      >"$log" 2>&1 </dev/null 9>&- &
    echo "export FINWAIT_ENGINE_STARTED=true"
  fi
  wait_until 60 answers || {
    [ ! -f "$log" ] || tail -n 20 "$log" >&2
    fail "no engine answered within 60 s"
  }
}

stop() {
  local pid
  pid=$(our_engine) || {
    say "no engine of ours is running"
    return 0
  }
  kill "$pid"
  wait_until 30 ended "$pid" || fail "dockerd ($pid) did not end within 30 s; its log is $log"
  rm -f "$pid_file"
  say "engine stopped"
}

provide_base() {
  if provided "$base"; then return; fi
  [ "$(id -u)" = 0 ] || fail "$base cannot be pulled, and making it needs root"
  say "$base cannot be pulled: making it with mmdebstrap"
  install_missing mmdebstrap mmdebstrap
  # Through a file: an import from a pipe would take half an archive for a whole image.
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mmdebstrap --quiet --variant=minbase bookworm "$scratch/base.tar" >&2
  docker import --change 'CMD ["bash"]' "$scratch/base.tar" "$base" >&2
}

# Here already, or from the registry; a registry that nobody can reach may swallow packets for minutes.
provided() {
  docker image inspect "$1" >/dev/null 2>&1 || timeout 60 docker pull --quiet "$1" >/dev/null 2>&1
}

ryuk_image() {
  local reaper=$here/../node_modules/testcontainers/build/reaper/reaper.js found=
  [ ! -f "$reaper" ] || found=$(grep -o 'testcontainers/ryuk:[0-9.]*' "$reaper" | head -n 1) || true
  echo "${RYUK_CONTAINER_IMAGE:-${found:-testcontainers/ryuk:0.14.0}}"
}

answers() {
  command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1
}

our_engine() {
  is_alive "$pid_file" dockerd && cat "$pid_file"
}

# A machine restored from a snapshot keeps pid files, and their numbers belong to other processes then: dockerd would
# refuse to start because of the first, and wait for a containerd that does not exist because of the second.
forget_dead() {
  is_alive "$1" "$2" || rm -f "$1"
}

# is_alive PID_FILE NAME
is_alive() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

ended() {
  [ ! -e "/proc/$1" ]
}

# install_missing COMMAND PACKAGE...
install_missing() {
  if command -v "$1" >/dev/null; then return; fi
  shift
  say "installing $*"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >&2 </dev/null ||
    fail "apt-get could not install $*"
}

# wait_until SECONDS COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

say() {
  echo "engine: $*" >&2
}

fail() {
  say "$*"
  exit 1
}

main "$@"
