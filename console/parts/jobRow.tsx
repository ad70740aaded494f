import { bytesText, countOf, countText } from '../../schemas/display/numbers.js';
import { spanText } from '../../schemas/display/times.js';
import type { JobBody } from '../../schemas/generated/operator.js';
import { now } from '../session/session.js';
import { Time } from './time.js';

const kinds: Record<JobBody['type'], string> = {
  backup: 'Backup to',
  erase: 'Erase readings of',
  pack: 'Pack',
  export: 'Export to',
};
const tones: Record<JobBody['state'], string> = { waiting: 'wait', running: 'go', done: 'good', failed: 'bad' };

/** One job of the gateway, with its progress. */
export function JobRow({ job }: { job: JobBody }) {
  const { type, subject, state, filesDone, filesTotal, bytes, createdAt, endedAt, error } = job;
  return (
    <li>
      <Time at={createdAt} />
      <span class="name">
        <b>{kinds[type]}</b> {subject}
        <small>
          {countText(filesDone)} of {countOf(filesTotal, 'file')}
          {bytes > 0 && ` · ${bytesText(bytes)}`} · {spanText((endedAt ?? now.value) - createdAt)}
        </small>
        {state === 'running' && (
          <meter max={Math.max(1, filesTotal)} value={filesDone} aria-label={`Progress: ${kinds[type]} ${subject}`} />
        )}
        {error !== null && <small class="error-text">{error}</small>}
      </span>
      <span class={`badge ${tones[state]}`}>{state}</span>
    </li>
  );
}
