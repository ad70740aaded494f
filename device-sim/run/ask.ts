import { createInterface } from 'node:readline/promises';

/** Where a question is asked, and where the answer comes from. */
export interface Asker {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

const terminal: Asker = { input: process.stdin, output: process.stderr };

/**
 * Asks before something that cannot be undone. `what` is a sentence that says what will happen. Resolves with `nobody` if there is no
 * terminal, where nobody could answer.
 */
export async function askYes(what: string, { input, output }: Asker = terminal): Promise<'yes' | 'no' | 'nobody'> {
  if (input.isTTY !== true) return 'nobody';
  const lines = createInterface({ input, output });
  try {
    // Without an answer (Ctrl-D, Ctrl-C) the question rejects or stays open, and the closed input is a no.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${what} This cannot be undone. Continue? [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no';
  } finally {
    lines.close();
  }
}

/** What to say if nobody can answer. */
export const unaskedText = (what: string): string => `${what} This cannot be undone. To confirm it, add --yes.`;
