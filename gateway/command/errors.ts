/** A command that cannot be created. `code` goes into the problem answer; `errors` name the wrong parameters. */
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

/** A request that does not fit the present state of a command or batch. `code` goes into the problem answer. */
export class CommandConflict extends Error {
  constructor(
    readonly code: 'already_sent' | 'already_ended' | 'idempotency_conflict',
    message: string,
  ) {
    super(message);
  }
}
