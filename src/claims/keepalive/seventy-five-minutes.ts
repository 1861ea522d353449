import type { Claim } from "../../experiment/claim.ts";
import { ipSysctl, manual, nodeNet, notes, rfc9293 } from "../sources.ts";
import { everySeconds } from "./intervals.ts";

export const seventyFiveMinutes: Claim = {
  address: "keepalive/seventy-five-minutes",
  statement: {
    en: "After the first keep-alive probe, one is sent every 75 minutes.",
    zh: "第一个保活探测报文段之后，每隔 75 分钟再发送一个。",
  },
  sources: [
    ...notes("N2"),
    rfc9293("3.8.4"),
    ipSysctl("tcp_keepalive_intvl"),
    manual("tcp(7)", "tcp_keepalive_intvl"),
    nodeNet("socketsetkeepaliveenable-initialdelay-interval-count"),
  ],
  cases: everySeconds(75 * 60, "75 min"),
};
