import { docker } from "../../../../src/lab/driver/docker/docker.ts";
import { session } from "../../../../src/lab/driver/docker/labels.ts";

/** A harness to be killed: opens a lab, says the session its things are labelled with, and stays. */
const { hosts } = await docker.open({ hosts: ["client", "server"], sysctls: {}, epoch: process.hrtime.bigint() });
process.stdout.write(`${session}\n`);
for (const host of hosts) host.output.resume();
