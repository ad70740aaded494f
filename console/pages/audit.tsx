import { useMemo } from 'preact/hooks';
import type { AuditItem, KeyItem } from '../../schemas/generated/operator.js';
import { type AuditAction, auditActions } from '../../schemas/tables/auditActions.js';
import { DeviceName } from '../fleet/deviceName.js';
import { Empty, Failed, ShowAll } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { More, usePages } from '../parts/pages.js';
import { usePolled } from '../parts/polled.js';
import { RoleNeeded } from '../parts/roleNeeded.js';
import { devicePath, param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { spanOfAddress, TimeSpan } from '../parts/timeSpan.js';
import { currentApi, gateway, may } from '../session/session.js';

const pageItems = 100;
const againMs = 10_000;

/** Authors that are no operator key. */
const otherAuthors: Record<string, string> = {
  mqtt: 'MQTT bridge',
  gateway: 'the gateway',
  cli: 'command line',
};

/** Who changed what, and when. */
export function AuditPage() {
  if (!may('admin'))
    return (
      <Main title="Audit">
        <RoleNeeded least="admin" to="read the audit" />
      </Main>
    );
  return <Audit />;
}

function Audit() {
  const keys = usePolled(() => currentApi().keys(), null, []).value?.items ?? [];
  const [by, action, subject] = [param('by'), param('action'), param('subject')];
  const span = ['span', 'from', 'to'].map(param);
  const entries = usePages(
    (cursor) => currentApi().audit({ by, action, subject, ...spanOfAddress(Date.now()) }, pageItems, cursor),
    againMs,
    [by, action, subject, ...span],
  );
  const filtered = [by, action, subject, ...span].join('') !== '';
  return (
    <Main title="Audit">
      <p class="lead">Who changed what, newest first. The gateway keeps the last 200,000 changes.</p>
      <search class="filters">
        <select aria-label="Who" value={by} onChange={({ currentTarget }) => setParams({ by: currentTarget.value })}>
          <option value="">anyone</option>
          {keys.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          {Object.entries(otherAuthors).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
          {by !== '' && nameOf(by, keys) === null && <option value={by}>key {by}</option>}
        </select>
        <select
          aria-label="What"
          value={action}
          onChange={({ currentTarget }) => setParams({ action: currentTarget.value })}
        >
          <option value="">all changes</option>
          {Object.entries(auditActions).map(([value, { title }]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Device, batch or key"
          placeholder="Id of a device, batch or key"
          value={subject}
          onInput={({ currentTarget }) => setParams({ subject: currentTarget.value })}
        />
        <TimeSpan />
      </search>
      {entries.trouble !== null ? (
        <Failed what={entries.trouble} />
      ) : (
        <Entries items={entries.items} keys={keys} filtered={filtered} />
      )}
      <More of={entries} />
    </Main>
  );
}

function Entries({ items, keys, filtered }: { items: AuditItem[] | null; keys: KeyItem[]; filtered: boolean }) {
  if (items === null) return <p class="empty">Loading…</p>;
  if (items.length === 0)
    return (
      <section class="card">
        <Empty
          title={filtered ? 'No changes match.' : 'No changes yet.'}
          action={
            filtered ? (
              <ShowAll filters={['by', 'action', 'subject', 'span', 'from', 'to']}>Show all changes</ShowAll>
            ) : (
              <Link to="/add" class="button quiet">
                Add a device
              </Link>
            )
          }
        />
      </section>
    );
  return (
    <section class="card" aria-label="Changes, newest first">
      <ol class="entries">
        {items.map((item) => (
          <li key={item.id}>
            <Time at={item.at} />
            <span class="name">
              <b>{auditActions[item.action as AuditAction]?.title ?? item.action}</b>{' '}
              <Subject item={item} keys={keys} />
              <Detail text={item.detail} />
            </span>
            <button
              type="button"
              class="link who"
              title={`Show only changes by ${item.by}`}
              onClick={() => setParams({ by: item.by })}
            >
              {nameOf(item.by, keys) ?? `revoked key ${item.by.slice(-6)}`}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The name of an author; null if it is a key that is no longer there. */
const nameOf = (by: string, keys: readonly KeyItem[]): string | null =>
  otherAuthors[by] ?? keys.find(({ id }) => id === by)?.name ?? null;

function Subject({ item: { action, subject }, keys }: { item: AuditItem; keys: KeyItem[] }) {
  switch (auditActions[action as AuditAction]?.of) {
    case 'device':
      return (
        <Link to={devicePath(subject)}>
          <DeviceName id={subject} />
        </Link>
      );
    case 'batch':
      return <Link to={`/commands?batch=${encodeURIComponent(subject)}`}>{subject}</Link>;
    case 'key':
      return <span>{nameOf(subject, keys) ?? ''}</span>;
    default:
      return subject === gateway.value?.gatewayId ? null : <span>{subject}</span>;
  }
}

/** More about the change. Changed fields, which the gateway stores as JSON, are shown one by one. */
function Detail({ text }: { text: string | null }) {
  const words = useMemo(() => (text === null ? '' : detailText(text)), [text]);
  return words === '' ? null : <small class="wraps">{words}</small>;
}

function detailText(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>)
      .map(([name, value]) => `${name}: ${plainText(value)}`)
      .join(' · ');
  } catch {
    return text;
  }
}

function plainText(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  const parts = Object.entries(value).map(([name, part]) => `${name}=${String(part)}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
