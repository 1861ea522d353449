import { openTracing } from "../../src/observe/tracepoint/tracing.ts";

// A harness of its own, for tests that end it: opens a tracing instance, says so, and then does as it is told.
const [mood] = process.argv.slice(2);

await using tracing = await openTracing(process.hrtime.bigint(), () => {});
const { lost } = await tracing.drain();
console.log(`open, ${lost} lost`);
if (mood === "throw") throw new Error("as the test asked");
if (mood === "exit") process.exit(0);
await new Promise((resolve) => setTimeout(resolve, 60_000));
