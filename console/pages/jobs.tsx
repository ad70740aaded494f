import { Empty, Failed } from '../parts/empty.js';
import { JobRow } from '../parts/jobRow.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { usePolled } from '../parts/polled.js';
import { currentApi } from '../session/session.js';

const againMs = 2_000;

/** The long work of the gateway since its start: backups, erasures, packing and exports. */
export function JobsPage() {
  const jobs = usePolled(() => currentApi().jobs(), againMs, []);
  const items = jobs.value?.items;
  return (
    <Main title="Jobs">
      <p class="lead">
        Backups, erasures, packing and exports since the gateway started, newest first. Exports run one at a time, and
        so do the others. Details are in the log of the gateway.
      </p>
      {jobs.trouble !== null && <Failed what={jobs.trouble} retry={jobs.again} />}
      <section class="card" aria-label="Jobs, newest first">
        {items === undefined ? (
          <p class="empty">Loading…</p>
        ) : items.length === 0 ? (
          <Empty
            title="No jobs since the gateway started."
            action={
              <Link to="/backups" class="button quiet">
                Make a backup
              </Link>
            }
          />
        ) : (
          <ul class="entries jobs">
            {items.map((job) => (
              <JobRow key={job.id} job={job} />
            ))}
          </ul>
        )}
      </section>
    </Main>
  );
}
