import { type DriverName, type Lab, openLab } from "../src/index.ts";
import { driverNamed } from "../src/lab/driver/drivers.ts";
import { median, milliseconds, type Row } from "./table.ts";

const rounds = 2_000;
const experiments = 100;

interface Limits {
  readonly roundTripMs: number;
  readonly experimentMs: number;
  /** The same with everything captured and traced; undefined where nothing was promised. */
  readonly capturedMs?: number;
}

/** What one driver's labs cost once they are open, and how long opening takes. */
export async function measureDriver(driver: DriverName, limits: Limits): Promise<Row[]> {
  const missing = (await (await driverNamed(driver)).examine()).filter((one) => one.required && !one.present);
  if (missing.length > 0) {
    return [{ figure: `${driver}: everything`, measured: `not here: ${missing[0]?.detail}`, atMost: "" }];
  }
  const opens = await repeat(5, async () => {
    await using _lab = await openLab({ driver });
  });
  await using lab = await openLab({ driver });
  const [host] = lab.hosts;
  const trips = await repeat(rounds, async () => {
    await host?.link.request("ping", {});
  });
  const runs = await repeat(experiments, () => experiment(lab));
  await using watched = await openLab({ driver, capture: true, tracepoints: "where possible" });
  const captured = await repeat(experiments, () => experiment(watched));
  return [
    {
      figure: `agent round trip, median of ${rounds}, ${driver}`,
      measured: milliseconds(median(trips)),
      atMost: `${limits.roundTripMs} ms`,
    },
    {
      figure: `one experiment, both hosts, 4 readings by ss, median of ${experiments}, ${driver}`,
      measured: milliseconds(median(runs)),
      atMost: `${limits.experimentMs} ms`,
    },
    {
      figure: `the same with capture and tracepoints, ${driver}`,
      measured: milliseconds(median(captured)),
      atMost: limits.capturedMs === undefined ? "" : `${limits.capturedMs} ms`,
    },
    {
      figure: `a lab of two hosts opened and closed again, median of 5, ${driver}`,
      measured: milliseconds(median(opens)),
      atMost: "",
    },
  ];
}

/** A connection, a half-close and a close, with both ends' kernel states read four times. */
async function experiment(lab: Lab): Promise<void> {
  await using session = lab.session();
  const { client, server } = await session.connect({ server: { allowHalfOpen: true } });
  await session.reading("established");
  await client.end();
  await server.saw("end");
  await session.reading("half-closed");
  await server.write(1000);
  await client.received(1000);
  await session.reading("data after the FIN");
  await server.end();
  await client.saw("close");
  await session.reading("closed");
}

async function repeat(times: number, action: () => Promise<void>): Promise<number[]> {
  const durations: number[] = [];
  for (let round = 0; round < times; round++) {
    const begun = performance.now();
    await action();
    durations.push(performance.now() - begun);
  }
  return durations;
}
