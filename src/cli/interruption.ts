const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ctrl-C as a signal that work can stop at, so that what was seen until then is still reported. A second one ends the
 * process at once: the labs go with it.
 */
export function interruption(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}

/** Resolves at the next Ctrl-C. */
export async function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Listening to a signal does not keep a process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  for (const signal of signals) process.once(signal, () => resolve());
  await promise;
  clearInterval(alive);
}
