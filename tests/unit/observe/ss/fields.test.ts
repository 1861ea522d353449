import { describe, expect, test } from "vitest";
import { isFinwaitError } from "../../../../src/model/errors.ts";
import type { SocketRow } from "../../../../src/model/socket.ts";
import { parseSs } from "../../../../src/observe/ss/parse.ts";

/** One row with these words behind its addresses; undefined when it is refused. */
function rowWith(details: string, state = "ESTAB"): SocketRow | undefined {
  try {
    return parseSs(`${state} 0 0 10.0.0.1:80 10.0.0.2:4000 ${details}`)[0];
  } catch (error) {
    if (isFinwaitError(error, "FINWAIT_SS_UNREADABLE")) return undefined;
    throw error;
  }
}

describe("the time left on a timer", () => {
  test.each([
    ["", 0],
    ["003ms", 3],
    ["200ms", 200],
    [".200ms", 200],
    ["1sec", 1000],
    ["1.972sec", 1972],
    ["1.972ms", 1972],
    ["9.373ms", 9373],
    ["10sec", 10_000],
    ["59sec", 59_000],
    ["1min", 60_000],
    ["1min5sec", 65_000],
    ["1min30sec", 90_000],
    ["119min", 7_140_000],
    ["71582min", 4_294_920_000],
  ])("%o is %d ms", (printed, remainingMs) => {
    expect(rowWith(`timer:(on,${printed},3)`)?.timer).toEqual({ name: "on", remainingMs, retransmits: 3 });
  });

  test.each([
    "timer:(on)",
    "timer:(on,5,0)",
    "timer:(on,1h,0)",
    "timer:(on,1sec,x)",
    "timer:(on,1sec,0,0)",
    "timer:on",
    "timer:(,1sec,0)",
  ])("%s is refused", (word) => expect(rowWith(word)).toBeUndefined());

  test("the delayed-ack timer has its name from 7.1 on, and any other name is unknown", () => {
    expect(rowWith("timer:(delack,003ms,0)")?.timer?.name).toBe("delack");
    expect(rowWith("timer:(unknown,003ms,0)")?.timer?.name).toBe("unknown");
    expect(rowWith("timer:(novel,003ms,0)")?.timer?.name).toBe("unknown");
  });
});

describe("socket memory", () => {
  test("kernels before 4.13 print fewer counters, read as 0", () => {
    expect(rowWith("skmem:(r1,rb2,t3,tb4,f5,w6,o7)")?.memory).toMatchObject({ optMem: 7, backLog: 0, drops: 0 });
    expect(rowWith("skmem:(r1,rb2,t3,tb4,f5,w6,o7,bl8)")?.memory).toMatchObject({ backLog: 8, drops: 0 });
  });

  test.each([
    "skmem:(r1,rb2)",
    "skmem:(r1,rb2,t3,tb4,f5,w6,o7,bl8,d9,x1)",
    "skmem:(r1,rb2,t3,tb4,f5,w6,o7,)",
    "skmem:()",
    "skmem:r1",
  ])("%s is refused", (word) => expect(rowWith(word)).toBeUndefined());
});

describe("the words of tcp_info", () => {
  test("bare words, pairs, and names parted from their values by a blank", () => {
    const info = rowWith(
      "skmem:(r0,rb1,t0,tb1,f0,w0,o0,bl0,d0) ts usec_ts bbr:(bw:1Mbps,mrtt:0.05) send 1.2Gbps pacing_rate 1Gbps/2Gbps app_limited rwnd_limited:4ms(0.3%)",
    )?.tcpInfo;
    expect(info).toEqual({
      ts: true,
      usec_ts: true,
      bbr: "(bw:1Mbps,mrtt:0.05)",
      send: "1.2Gbps",
      pacing_rate: "1Gbps/2Gbps",
      app_limited: true,
      rwnd_limited: "4ms(0.3%)",
    });
  });

  test("the words of kernel TLS", () => {
    expect(rowWith("tcp-ulp-tls version: 1.3 cipher: aes-gcm-128 rxconf: sw txconf: none zc_ro_tx")?.tcpInfo).toEqual({
      "tcp-ulp-tls": true,
      version: "1.3",
      cipher: "aes-gcm-128",
      rxconf: "sw",
      txconf: "none",
      zc_ro_tx: true,
    });
  });

  test("what stands behind the memory cannot be taken for a field, what is unknown before it is kept", () => {
    const row = rowWith("ino:1 sk:2 fwmark:0x10 <-> skmem:(r0,rb1,t0,tb1,f0,w0,o0,bl0,d0) sk:bad novel:1");
    expect(row).toMatchObject({ cookie: "2", tcpInfo: { fwmark: "0x10", sk: "bad", novel: "1" } });
  });
});

test.each(["uid:", "uid:-1", "ino:x", "sk:", "sk:xyz", "sk:1 sk:2", "<-> -->", 'users:(("a",pid=1))', "users:(()"])(
  "%s is refused",
  (words) => expect(rowWith(words)).toBeUndefined(),
);

test.each([
  ["a header", "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process"],
  ["a row without its state", "0 128 127.0.0.1:60000 0.0.0.0:* ino:43334 sk:3f cgroup:/ <->"],
  ["a state that is none of TCP", "UNDEF 0 0 *:1 *:2"],
  ["too few columns", "ESTAB 0 0 *:1"],
  ["a queue below zero", "ESTAB -1 0 *:1 *:2"],
  ["a message", "RTNETLINK answers: Operation not permitted"],
])("%s is refused, and the error shows the line", (_, line) => {
  const message = expect.stringContaining(line);
  expect(() => parseSs(`ESTAB 0 0 *:1 *:2\n${line}\n`)).toThrow(
    expect.objectContaining({ code: "FINWAIT_SS_UNREADABLE", message }),
  );
});

test("no output is no rows, and blank lines are none", () => {
  expect(parseSs("")).toEqual([]);
  expect(parseSs("\n  \n\n")).toEqual([]);
});
