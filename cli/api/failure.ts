/** Ends the command with a message for a person and an exit code (sysexits.h where one fits). */
export class Failure extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}
