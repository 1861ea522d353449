import { FinwaitError } from "../../model/errors.ts";
import type { Driver, DriverName } from "./driver.ts";

export const driverNames = ["netns", "docker"] as const satisfies readonly DriverName[];

/** The driver of that name, loaded only now: Testcontainers is heavy and most runs do without. */
export async function driverNamed(name: string): Promise<Driver> {
  switch (name) {
    case "netns":
      return (await import("./netns/netns.ts")).netns;
    case "docker":
      return (await import("./docker/docker.ts")).docker;
    default:
      throw new FinwaitError("FINWAIT_USAGE", `There is no driver "${name}"; there are ${driverNames.join(" and ")}.`);
  }
}
