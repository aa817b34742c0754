/** Ends the program with this message; nobody who runs a command wants a stack. */
export class CliError extends Error {}
