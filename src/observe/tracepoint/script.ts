/**
 * The shell program that holds a private tracing instance. It is process 1 of a PID namespace, so that what it started
 * goes with it, and has a mount namespace, because tracefs is often not mounted and is not ours to mount for the machine.
 *
 * It makes the instance, streams trace_pipe to standard output, and writes every line of its standard input to
 * trace_marker. The end of that input is the end of the harness, however it went: then the instance is removed. So it is
 * when somebody kills the reader of trace_pipe.
 *
 * A script that was killed leaves its instance, and the next one sweeps it away. The kernel says which are left over: it
 * removes none whose trace_pipe is open, whoever holds it, in whatever namespace. Between making an instance and opening
 * its trace_pipe somebody else's sweep can take it, and then it is made again.
 *
 * Arguments: the instance's name, KiB a processor, a filter on ports, events that are filtered, events that are not.
 */
export const tracingScript = `
set -eu
name=$1 size=$2 ports=$3 filtered=$4 unfiltered=$5

[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing
cd /sys/kernel/tracing/instances
for left in finwait-*; do
  [ ! -d "$left" ] || rmdir "$left" 2>/dev/null || :
done

attempts=1
until mkdir "$name" && command exec 4<"$name/trace_pipe"; do
  attempts=$((attempts + 1))
  [ "$attempts" -le 5 ] || exit 1
done
reader= writer=
finish() {
  for one in $reader $writer; do
    kill "$one" 2>/dev/null || :
    wait "$one" 2>/dev/null || :
  done
  exec 3>&- 4<&-
  cd /sys/kernel/tracing/instances
  rmdir "$name"
}
trap finish EXIT
cd "$name"

# An instance inherits the machine's options; not every kernel has every one.
for option in context-info irq-info markers overwrite nobin nofields nohex nolatency-format noraw norecord-tgid \\
  nostacktrace nouserstacktrace noverbose; do
  echo "$option" 2>/dev/null >trace_options || :
done
echo mono >trace_clock
echo "$size" >buffer_size_kb
for event in $filtered; do
  echo "$ports" >"events/$event/filter"
done
for event in $filtered $unfiltered; do
  echo 1 >"events/$event/enable"
done

exec 3>trace_marker 5<&0
cat <&4 &
reader=$!
{
  while read -r mark; do echo "$mark" >&3; done
  kill "$reader"
} <&5 &
writer=$!
how=0
wait "$reader" 2>/dev/null || how=$?
# 143 is the writer's SIGTERM.
[ "$how" -eq 143 ] || {
  echo "the reader of trace_pipe ended with code $how" >&2
  exit 1
}
`;
