/** Ends the command with a message for people, which says what to do, and an exit code (of sysexits.h if one fits). */
export class Failure extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}
