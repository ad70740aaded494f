/** A command that cannot be created; `code` goes into the problem answer, `errors` name the parameters. */
export class CommandError extends Error {
  constructor(
    readonly code:
      | 'command_undeclared'
      | 'command_reserved'
      | 'params_invalid'
      | 'command_too_large'
      | 'too_many_commands',
    message: string,
    readonly errors?: { path: string; message: string }[],
  ) {
    super(message);
  }
}

/** What was asked of a command or batch does not go with how it is. */
export class CommandConflict extends Error {
  constructor(
    readonly code: 'already_sent' | 'already_ended' | 'idempotency_conflict',
    message: string,
  ) {
    super(message);
  }
}
