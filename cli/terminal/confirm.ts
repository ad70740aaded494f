import { Option } from 'commander';
import { type Asker, askYes, unaskedText } from '../../device-sim/run/ask.js';
import { Failure } from '../api/failure.js';

/**
 * Asks before something that cannot be undone. `what` is a sentence that says what will happen. With --yes it asks nothing. Without a
 * terminal nobody can answer, so it throws Failure 64; it throws Failure 1 if the answer is not yes.
 */
export async function confirm(what: string, { yes }: { yes?: boolean }, asker?: Asker): Promise<void> {
  if (yes === true) return;
  const answer = await askYes(what, asker);
  if (answer === 'nobody') throw new Failure(64, unaskedText(what));
  if (answer === 'no') throw new Failure(1, 'Nothing was changed.');
}

/** The option of every command that asks. */
export const yesOption = (): Option => new Option('--yes', 'do not ask; needed without a terminal');
