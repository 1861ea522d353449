import type { Host } from "../../lab/host.ts";
import type { Session } from "../../lab/session.ts";
import type { Segment } from "../../model/segment.ts";
import { deviceOf } from "../shared/routes.ts";

/**
 * What a network card is asked to do in the kernel's place (ethtool(8)): the checksums of what leaves, and the cutting of
 * large writes into segments. Linux/include/uapi/linux/ethtool.h has the numbers.
 */
const features = {
  tx: { set: 0x17, get: 0x16, what: "checksums" },
  tso: { set: 0x1f, get: 0x1e, what: "segmentation" },
} as const;

export type Offload = keyof typeof features;

/** Makes the kernel of every host do it itself, until disposed. It concerns whole hosts: the case needs them to itself. */
export async function withoutOffload(lab: Session, ...offloads: readonly Offload[]): Promise<AsyncDisposable> {
  const changed: { readonly host: Host; readonly offload: Offload }[] = [];
  const restore = async () => {
    // Without checksums the kernel gives up segmentation too: they come back first.
    for (const { host, offload } of changed) await ethtool(host, features[offload].set, 1);
  };
  try {
    for (const host of lab.hosts) {
      for (const offload of offloads) {
        if (await ethtool(host, features[offload].get, 0)) changed.push({ host, offload });
        await ethtool(host, features[offload].set, 0);
        lab.story.note(host.name, `${features[offload].what} are not left to the card: ethtool -K ${offload} off`);
      }
    }
  } catch (error) {
    await restore();
    throw error;
  }
  return { [Symbol.asyncDispose]: restore };
}

/**
 * Whether the checksum is the one that the kernel leaves to an IPv4 segment's network card: the sum of addresses, protocol
 * and length (RFC 9293 §3.1: the pseudo-header), to which the card adds the segment's own words (kernel: CHECKSUM_PARTIAL).
 */
export function isLeftToCard({ source, destination, headerBytes, payloadBytes, checksum }: Segment): boolean {
  const addresses = [source, destination].flatMap(({ address }) => address.split(".").map(Number));
  if (addresses.length !== 8) return false;
  const high = addresses.filter((_, index) => index % 2 === 0).reduce((sum, byte) => sum + byte, 0);
  const low = addresses.filter((_, index) => index % 2 === 1).reduce((sum, byte) => sum + byte, 0);
  const sum = high * 256 + low + protocol + headerBytes + payloadBytes;
  // Ones' complement: what is carried over the 16 bits comes in again from the right.
  return (sum - 1) % 0xffff === (checksum + 0xfffe) % 0xffff;
}

/** TCP's number in IP's header. */
const protocol = 6;

/** One ethtool command, for which the image has no program; resolves with the value that the kernel gave back. */
async function ethtool(host: Host, command: number, value: 0 | 1): Promise<boolean> {
  const device = await deviceOf(host);
  const output = await host.run("perl", ["-e", call, device, `${command}`, `${value}`]);
  return output.trim() === "1";
}

/** SIOCETHTOOL with a struct ethtool_value: netdevice(7). */
const call = `
use strict; use warnings; use Socket;
my ($device, $command, $value) = @ARGV;
socket(my $socket, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\\n";
my $ethtool = pack("LL", $command, $value);
ioctl($socket, 0x8946, pack("a16 P x16", $device, $ethtool)) or die "SIOCETHTOOL: $!\\n";
print +(unpack("LL", $ethtool))[1];
`;
