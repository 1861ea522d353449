/** How a fault or an observer runs a program inside a host: argument array in, standard output out; throws when it fails. */
export type RunInHost = (command: string, args: readonly string[], input?: string) => Promise<string>;
