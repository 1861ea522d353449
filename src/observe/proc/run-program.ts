/** How a program is run where the processes are: argument array in, standard output out; throws when it fails. */
export type RunProgram = (command: string, args: readonly string[]) => Promise<string>;
