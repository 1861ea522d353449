import type { Needs } from "../../model/claim.ts";

/**
 * What makes loss that never ends quick: 2 retries stand for 1.4 s, where tcp_retries2 15 stands for 924.6 s and
 * tcp_orphan_retries 0 (which is taken for 8) for 102.2 s; an orphan's FIN-WAIT-2 lasts 1 s instead of 60 s. One set for all, so that they share hosts.
 */
export const fewRetries: Needs = {
  sysctls: { "net.ipv4.tcp_retries2": 2, "net.ipv4.tcp_orphan_retries": 2, "net.ipv4.tcp_fin_timeout": 1 },
};
