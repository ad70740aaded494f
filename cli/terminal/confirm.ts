import { createInterface } from 'node:readline/promises';
import { Option } from 'commander';
import { Failure } from '../api/failure.js';

/** Where a question is asked, and where the answer comes from. */
export interface Asker {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

/**
 * Asks before something that cannot be undone. `what` is a sentence that says what will happen. With --yes it asks nothing. Without a
 * terminal nobody can answer, so it throws Failure 64; it throws Failure 1 if the answer is not yes.
 */
export async function confirm(
  what: string,
  { yes }: { yes?: boolean },
  { input, output }: Asker = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (yes === true) return;
  if (input.isTTY !== true) throw new Failure(64, `${what} This cannot be undone. To confirm it, add --yes.`);
  const lines = createInterface({ input, output });
  try {
    // Without an answer (Ctrl-D, Ctrl-C) the question rejects or stays open, and the closed input is a no.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${what} This cannot be undone. Continue? [y/N] `), closed]);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Failure(1, 'Nothing was changed.');
  } finally {
    lines.close();
  }
}

/** The option of every command that asks. */
export const yesOption = (): Option => new Option('--yes', 'do not ask; needed without a terminal');
