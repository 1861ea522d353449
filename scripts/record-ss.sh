#!/bin/bash
# Records what one build of ss prints about sockets held in every TCP state, for tests/fixtures/ss.
#
#   sudo scripts/record-ss.sh /path/to/ss > tests/fixtures/ss/<version>.txt
#
# Needs root, unshare, ip, nft and node. Everything happens in namespaces of its own, which die with it.
set -euo pipefail

if [[ ${1:-} != --inside ]]; then
  ss=$(realpath -s "${1:?usage: record-ss.sh SS}")
  exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" --inside "$ss"
fi

ip link set lo up
ip link add wire0 type veth peer name wire1
ip address add fe80::1/64 dev wire0 nodad
ip link set wire1 up
ip link set wire0 up
export SS=$2
exec node --input-type=module - <<'JS'
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ss = (...args) => execFileSync(process.env.SS, args, { encoding: "utf8", maxBuffer: 1 << 26 });
const nft = (...rule) => execFileSync("nft", rule.join(" ").split(" "));
const drop = (...match) => nft("add rule inet hold input", ...match, "drop");
nft("add table inet hold");
nft("add chain inet hold input { type filter hook input priority 0 ; }");

const kept = [];
async function listen(host, port, options = {}) {
  const accepted = [];
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, ...options }, (socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
  });
  server.listen({ host, port, ipv6Only: options.ipv6Only ?? false, backlog: options.backlog ?? 511 });
  await once(server, "listening");
  kept.push(server);
  return {
    server,
    async accept() {
      while (accepted.length === 0) await sleep(5);
      return accepted.shift();
    },
  };
}
function dial(host, port) {
  const socket = net.connect({ host, port, allowHalfOpen: true });
  socket.on("error", () => {});
  kept.push(socket);
  return socket;
}
async function pair(host, port, listenHost = host) {
  const server = await listen(listenHost, port);
  const client = dial(host, port);
  await once(client, "connect");
  const accepted = await server.accept();
  kept.push(accepted);
  return { client, accepted };
}
const closed = (socket) => new Promise((resolve) => socket.once("close", resolve));
async function timeWait(host, port, listenHost = host) {
  const { client, accepted } = await pair(host, port, listenHost);
  client.resume();
  client.end();
  accepted.resume();
  await once(accepted, "end");
  accepted.end();
  await closed(client);
}

// LISTEN in every spelling of an address
await listen("0.0.0.0", 5000, { backlog: 128 });
await listen("::", 5001);
await listen("::", 5002, { ipv6Only: true });
await listen("::1", 5003);
await listen("fe80::1%wire0", 5004);

// SYN-SENT, SYN-RECEIVED
await listen("127.0.0.1", 5010);
drop("tcp dport 5010 tcp flags syn");
dial("127.0.0.1", 5010);
await listen("127.0.0.1", 5011);
drop("tcp dport 5011 tcp flags & (syn|ack) == ack");
dial("127.0.0.1", 5011);

// ESTABLISHED: keepalive timer, unread data, retransmission, zero window, v6, v4-mapped
const keepalive = await pair("127.0.0.1", 5020);
keepalive.client.setKeepAlive(true, 7_180_000);
keepalive.accepted.setKeepAlive(true, 95_000);
const unread = await pair("127.0.0.1", 5021);
unread.client.write("unread");
const retransmit = await pair("127.0.0.1", 5022);
drop("tcp dport 5022 tcp flags & psh == psh");
retransmit.client.write("lost");
const persist = await pair("127.0.0.1", 5023);
persist.client.write(Buffer.alloc(8 << 20));
writeFileSync("/proc/sys/net/ipv4/tcp_congestion_control", "reno");
await pair("::1", 5024);
await pair("127.0.0.1", 5025, "::");
await pair("fe80::1%wire0", 5026);

// The closing states
const wait1 = await pair("127.0.0.1", 5030);
drop("tcp dport 5030 tcp flags fin");
wait1.client.end();
const wait2 = await pair("127.0.0.1", 5031);
wait2.client.end();
wait2.accepted.resume();
const unreadEnd = await pair("::1", 5032);
unreadEnd.client.end("never read");
const orphan = await pair("127.0.0.1", 5033, "::");
orphan.client.destroy();
await closed(orphan.client);
await sleep(50);
// Beyond a minute the kernel waits with the keepalive timer first.
writeFileSync("/proc/sys/net/ipv4/tcp_fin_timeout", "120");
const longOrphan = await pair("127.0.0.1", 5036);
longOrphan.client.destroy();
const lastAck = await pair("127.0.0.1", 5034);
lastAck.client.end();
lastAck.accepted.resume();
await once(lastAck.accepted, "end");
drop("tcp sport 5034 tcp flags fin");
lastAck.accepted.end();
const closing = await pair("127.0.0.1", 5035);
nft("add chain inet hold crossing");
nft("add rule inet hold input jump crossing");
nft("add rule inet hold crossing tcp dport 5035 tcp flags fin drop");
nft("add rule inet hold crossing tcp sport 5035 tcp flags fin drop");
closing.client.end();
closing.accepted.end();
await sleep(50);
nft("flush chain inet hold crossing");
nft("add rule inet hold crossing tcp sport 5035 drop");
await timeWait("127.0.0.1", 5040);
await timeWait("::1", 5041);
await timeWait("127.0.0.1", 5042, "::");

// Owners: a shared socket, and names that try to forge fields (15 bytes is the kernel's limit)
const shared = await listen("127.0.0.1", 5049);
kept.push(spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore", shared.server._handle.fd] }));
const names = ['a b', 'x",pid=1,fd=2', '(("y",pid=1,fd=', '") ino:1 sk:bad', "nl\nESTAB 0 0 a", "\\\\\\\\\\\\\\", "é→\u{1F980}"];
for (const [index, name] of names.entries()) {
  const program = `process.title = ${JSON.stringify(name)};
    require("fs").writeFileSync("/proc/self/comm", ${JSON.stringify(name)});
    require("net").createServer().listen(${5050 + index}, "127.0.0.1", () => console.log("up"));`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  kept.push(child);
}

// Settled: the retransmitted FIN of 5035 has crossed, the last timers run.
await sleep(700);
const words = ["-H", "-n", "-O", "-t", "-a", "-e", "-i", "-m", "-o"];
const record = (...args) => {
  const lines = ss(...args).split("\n");
  console.log(`# ss ${args.join(" ")}\n${lines.map((line) => line.trimEnd()).join("\n").trim()}`);
};
console.log(`# ${ss("-V").trim()}, kernel ${execFileSync("uname", ["-r"], { encoding: "utf8" }).trim().split("-")[0]}, scripts/record-ss.sh`);
console.log("# Blanks at the ends of lines are cut; everything else is as ss printed it.");
record(...words, "-p");
const some = ["5000", "5011", "5031", "5042"].flatMap((port) => ["or", "sport", "=", `:${port}`, "or", "dport", "=", `:${port}`]);
record(...words, "(", ...some.slice(1), ")");
process.exit(0);
JS
