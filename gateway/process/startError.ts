/** The gateway cannot start; the message is for a person, and `exitCode` (sysexits.h) for what started it. */
export class StartError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}
