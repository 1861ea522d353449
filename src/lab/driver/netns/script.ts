/**
 * The shell program that becomes process 1 of a lab's PID namespace. It never sees user input as text to interpret:
 * everything arrives as arguments.
 *
 * It makes a bridge, and for every host a network namespace with a veth to that bridge, and starts the agent there on
 * descriptor 2 + number. Then it waits for the end of its own standard input, which is the harness's lifeline: when the
 * harness is gone, however it went, `cat` ends, process 1 ends, and the kernel ends every process in the namespace.
 *
 * Arguments: runtime, agent file, epoch, descriptor limit or "-", number of hosts, sysctls as path=value.
 */
export const labScript = `
set -eu
runtime=$1 agent=$2 epoch=$3 nofile=$4 hosts=$5
shift 5

close_others() {
  other=1
  while [ "$other" -le "$hosts" ]; do
    [ "$other" = "$1" ] || eval "exec $((other + 2))<&-"
    other=$((other + 1))
  done
}

enter_host() {
  number=$1
  shift
  ip -batch - <<END
link set lo up
link add eth0 type veth peer name host$number netns 1
addr add 10.77.0.$number/24 dev eth0
addr add fd77::$number/64 dev eth0 nodad
link set eth0 up
END
  nsenter --net=/proc/1/ns/net ip link set "host$number" master lab up
  for setting in "$@"; do
    printf '%s' "\${setting#*=}" >"/proc/sys/\${setting%%=*}" || {
      echo "finwait: sysctl \${setting%%=*} cannot be set to \${setting#*=}" >&2
      exit 78
    }
  done
  [ "$nofile" = - ] || ulimit -n "$nofile"
}

if [ "\${FINWAIT_HOST:-}" ]; then
  enter_host "$FINWAIT_HOST" "$@"
  export FINWAIT_HOST=
  exec "$runtime" "$agent" --epoch "$epoch"
fi

ip link add lab type bridge
ip link set lab up
number=1
while [ "$number" -le "$hosts" ]; do
  (
    close_others "$number"
    status=0
    FINWAIT_HOST=$number unshare --net sh -c 'eval "$FINWAIT_SCRIPT"' finwait-host \\
      "$runtime" "$agent" "$epoch" "$nofile" "$hosts" "$@" \\
      <&$((number + 2)) >&$((number + 2)) || status=$?
    echo "finwait: host $number exited with code $status" >&2
  ) &
  number=$((number + 1))
done
close_others 0
cat >/dev/null
`;
