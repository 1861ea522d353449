import { FinwaitError } from "../../model/errors.ts";
import { addressText, type SocketAddress } from "../../model/socket.ts";
import { monoNs } from "../../model/time.ts";
import type { Host } from "../host.ts";
import type { Story } from "../story.ts";
import { encodeSegment, type RawSegment } from "./raw-segment.ts";

/** One segment made by hand, and whose it pretends to be. */
export interface Injection extends RawSegment {
  /** The sender's four-tuple. An Endpoint will do, and so will addresses that have no socket any more. */
  readonly from: { readonly local: SocketAddress; readonly peer: SocketAddress };
  /** Name of the host that sends it. Default: the one that has the sender's address. */
  readonly host?: string;
}

/** Puts the segment on the wire of one of the hosts, and notes it in the story. */
export async function inject(hosts: readonly Host[], story: Story, injection: Injection): Promise<void> {
  const { from, ...segment } = injection;
  const host = hosts.find((one) =>
    injection.host === undefined ? one.owns(from.local.address) : one.name === injection.host,
  );
  if (host === undefined) {
    const wanted = injection.host ?? from.local.address;
    throw new FinwaitError("FINWAIT_USAGE", `Nothing can be injected at ${wanted}: this lab has no such host.`);
  }
  const bytes = encodeSegment({ from: from.local.port, to: from.peer.port }, segment);
  const { ok } = await host.link.run("perl", [
    "-e",
    sendRaw,
    from.local.address,
    from.peer.address,
    Buffer.from(bytes).toString("hex"),
  ]);
  story.note(host.name, describe(injection), monoNs(ok.endedAt));
}

function describe({ from, flags, sequence, acknowledgment, payloadBytes = 0 }: Injection): string {
  const numbers = [`seq ${sequence}`, ...(acknowledgment === undefined ? [] : [`ack ${acknowledgment}`])].join(", ");
  const data = payloadBytes === 0 ? "" : `, ${payloadBytes} bytes`;
  return `injected ${addressText(from.local)} > ${addressText(from.peer)}: ${flags.join(",")}, ${numbers}${data}`;
}

/**
 * Arguments: both addresses and the segment in hexadecimal. Fills in TCP's checksum and puts IP's header in front;
 * IPPROTO_RAW means that the header is ours (raw(7)).
 */
const sendRaw = `
use strict; use warnings;
use Socket qw(AF_INET AF_INET6 SOCK_RAW IPPROTO_RAW inet_pton pack_sockaddr_in pack_sockaddr_in6);
my ($source, $destination, $hex) = @ARGV;
my $six = $source =~ /:/;
my ($from, $to) = map { inet_pton($six ? AF_INET6 : AF_INET, $_) // die "no address: $_\\n" } $source, $destination;
my $segment = pack("H*", $hex);
my $bytes = length $segment;
my $sum = unpack("%32n*", $from . $to . pack("NN", $bytes, 6) . $segment . "\\0" x ($bytes % 2));
$sum = ($sum & 0xffff) + ($sum >> 16) for 1 .. 2;
substr($segment, 16, 2) = pack("n", ~$sum & 0xffff);
my $header = $six
  ? pack("NnCC", 6 << 28, $bytes, 6, 64) . $from . $to
  : pack("CCnnnCCn", 0x45, 0, 20 + $bytes, 0, 0x4000, 64, 6, 0) . $from . $to;
socket(my $raw, $six ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW) or die "socket: $!\\n";
my $where = $six ? pack_sockaddr_in6(0, $to) : pack_sockaddr_in(0, $to);
defined(send($raw, $header . $segment, 0, $where)) or die "send: $!\\n";
`;
