import { useState } from 'preact/hooks';
import { bytesText, countOf } from '../../schemas/display/numbers.js';
import { spanText } from '../../schemas/display/times.js';
import type { BackupPage, JobBody } from '../../schemas/generated/operator.js';
import { Empty, Failed } from '../parts/empty.js';
import { JobRow } from '../parts/jobRow.js';
import { Main } from '../parts/page.js';
import { usePolled } from '../parts/polled.js';
import { Time } from '../parts/time.js';
import { Fault, useValidation } from '../parts/validation.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, now } from '../session/session.js';

const againMs = 2_000;

/** The backups that the gateway made, its schedule, and a button for one now. */
export function BackupsPage() {
  const backups = usePolled(() => currentApi().backups(), againMs, []);
  const jobs = usePolled(() => currentApi().jobs(), againMs, []);
  const running = jobs.value?.items.filter(({ type, endedAt }) => type === 'backup' && endedAt === null) ?? [];
  return (
    <Main title="Backups">
      {backups.trouble !== null && <Failed what={backups.trouble} retry={backups.again} />}
      {backups.value === null ? (
        <p class="empty">Loading…</p>
      ) : (
        <>
          <Schedule of={backups.value} />
          {running.length > 0 && (
            <section class="card" aria-label="Running backups">
              <ul class="entries jobs">
                {running.map((job) => (
                  <JobRow key={job.id} job={job} />
                ))}
              </ul>
            </section>
          )}
          <List of={backups.value} />
          {may('admin') && <Start of={backups.value} started={jobs.again} />}
        </>
      )}
    </Main>
  );
}

function Schedule({ of: { schedule, timeZone, folder, keep, nextAt, failed } }: { of: BackupPage }) {
  return (
    <>
      {failed !== null && (
        <p class="notice" role="alert">
          The backup of <Time at={failed.at} /> failed: {failed.error}. It left no files. Older backups are not
          affected.
        </p>
      )}
      <section class="card" aria-labelledby="schedule">
        <h2 id="schedule">Schedule</h2>
        {schedule === null || nextAt === null ? (
          <p>
            No backups are scheduled. To schedule them, set <code>backup.schedule</code> and <code>backup.folder</code>{' '}
            in the configuration.
          </p>
        ) : (
          <p>
            The next backup starts in {spanText(nextAt - now.value)}, at <Time at={nextAt} />. Schedule:{' '}
            <code>{schedule}</code>, time zone {timeZone}.
          </p>
        )}
        {folder !== null && (
          <p class="hint wraps">
            Folder {folder}. Keeps the last {countOf(keep, 'backup')}; older ones are removed.
          </p>
        )}
      </section>
    </>
  );
}

function List({ of: { items, folder } }: { of: BackupPage }) {
  if (folder === null) return null;
  return (
    <section class="card" aria-labelledby="made">
      <h2 id="made">
        Complete backups <span class="count">{items.length}</span>
      </h2>
      {items.length === 0 ? (
        <Empty
          title="No backups yet."
          action={
            <button
              type="button"
              class="quiet"
              onClick={() => document.querySelector<HTMLElement>('[aria-labelledby=start] button')?.focus()}
            >
              Make one now
            </button>
          }
        />
      ) : (
        <ul class="entries">
          {items.map(({ name, folder: path, at, files, bytes }) => (
            <li key={name}>
              <Time at={at} />
              <span class="name">
                {path}
                <small>{countOf(files, 'file')}</small>
              </span>
              <span class="who">{bytesText(bytes)}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="hint">
        To restore a backup, stop the gateway and start it on a copy: <code>tidegate serve --data COPY</code>
      </p>
    </section>
  );
}

function Start({ of: { folder }, started }: { of: BackupPage; started(): void }) {
  const [job, setJob] = useState<JobBody | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const { fault, check } = useValidation();
  const start = (event: SubmitEvent): void => {
    event.preventDefault();
    setTrouble(null);
    if (!check(event.currentTarget as HTMLFormElement)) return;
    const wanted = String(new FormData(event.currentTarget as HTMLFormElement).get('folder')).trim();
    currentApi()
      .backUp(wanted)
      .then(setJob, (error: Error) => (error instanceof RefusedError ? setTrouble(error.message) : fail(error)))
      .finally(started);
  };
  return (
    <section class="card" aria-labelledby="start">
      <h2 id="start">Back up now</h2>
      <form noValidate onSubmit={start}>
        <div class="field">
          <label for="folder">Folder {folder !== null && <small>optional</small>}</label>
          <input
            id="folder"
            name="folder"
            type="text"
            required={folder === null}
            maxLength={4096}
            pattern="/.*"
            title="an absolute path that begins with /"
            placeholder={folder === null ? '/var/backups/tidegate/monday' : `empty: a new folder in ${folder}`}
            autocomplete="off"
            spellcheck={false}
          />
          <p class="hint">An empty or new folder on the gateway’s machine, outside its data folder.</p>
        </div>
        <Fault text={fault ?? trouble} />
        <p class="buttons">
          <button type="submit" class="primary">
            Back up now
          </button>
          {job !== null && (
            <span class="wraps" role="status">
              Backup started: {job.subject}
            </span>
          )}
        </p>
      </form>
    </section>
  );
}
