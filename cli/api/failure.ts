/** Ends the command with a message for people, which says what to do, and an exit code (of sysexits.h if one fits). */
export class Failure extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
    /** The code of the API's problem, if there is one. */
    readonly code?: string,
  ) {
    super(message);
  }
}
