import type { Driver } from "../driver.ts";

/** Labs from Linux containers, made by Testcontainers, which is loaded when the first one is opened. */
export const docker: Driver = {
  name: "docker",
  examine: async () => (await import("./examine.ts")).examineDocker(),
  open: async (spec) => (await import("./open.ts")).openDocker(spec),
};
