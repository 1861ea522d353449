import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Servers of a few lines, as programs of their own: what they do with a peer that has ended. */
const programs = {
  /** With allowHalfOpen nobody ends but the program, and it does not. */
  "never closes": "createServer({ allowHalfOpen: true }, (socket) => socket.resume())",
  /** The twin: it ends when the peer has. */
  closes: "createServer({ allowHalfOpen: true }, (socket) => socket.resume().on('end', () => socket.end()))",
  /** It learns of no end. (Without pauseOnConnect, Node itself reads ahead.) */
  "never reads": "createServer({ pauseOnConnect: true }, () => {})",
  /** It ends first, and waits for a peer that does not. */
  "ends and waits": "createServer({ allowHalfOpen: true }, (socket) => socket.resume().end())",
  /** Busy for a while after the peer's end: it heals. */
  "closes late": `createServer({ allowHalfOpen: true }, (socket) =>
    socket.resume().on("end", () => setTimeout(() => socket.end(), 400)))`,
} as const;

/** A server that runs, with sockets of ours that keep their side of the connection as it is. */
export interface RunningServer extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** Connects, sends a few bytes, and ends when `ends`; both kernels know of it all then. */
  meet(options?: { readonly ends?: boolean }): Promise<Socket>;
}

export async function serve(behaviour: keyof typeof programs): Promise<RunningServer> {
  const program = `
    import { createServer } from "node:net";
    const server = ${programs[behaviour]};
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const [told] = await once(child.stdout, "data");
  const port = Number(String(told));
  const sockets: Socket[] = [];
  const meet = async ({ ends = true }: { readonly ends?: boolean } = {}) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).resume();
    sockets.push(socket);
    await once(socket, "connect");
    await new Promise<void>((resolve) => socket.write("hello", () => resolve()));
    if (ends) await new Promise<void>((resolve) => socket.end(resolve));
    return socket;
  };
  return {
    child,
    pid: child.pid ?? 0,
    port,
    meet,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
      await gone;
    },
  };
}
