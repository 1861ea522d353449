import type { Needs } from "../../model/claim.ts";

export const keepAliveTime = "net.ipv4.tcp_keepalive_time";
export const keepAliveInterval = "net.ipv4.tcp_keepalive_intvl";
export const keepAliveProbes = "net.ipv4.tcp_keepalive_probes";

/** From two hours. One setting for all who want the first probe soon and the rest as it is, so that they share hosts. */
export const soon: Needs = { sysctls: { [keepAliveTime]: 8 } };

/** The kernel's own count of probes, quickly. The time stays longer than the interval, as it is by default. */
export const soonAndFast: Needs = { sysctls: { [keepAliveTime]: 3, [keepAliveInterval]: 1 } };
