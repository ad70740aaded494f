import { useState } from 'preact/hooks';
import type { ReloadedBody, SettingItem } from '../../schemas/generated/operator.js';
import { Empty, Failed, ShowAll } from '../parts/empty.js';
import { Main } from '../parts/page.js';
import { usePolled } from '../parts/polled.js';
import { RoleNeeded } from '../parts/roleNeeded.js';
import { param, setParams } from '../parts/router.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may } from '../session/session.js';

const sources: Record<SettingItem['source'], string> = {
  default: 'default',
  file: 'file',
  environment: 'environment',
  set: 'command line',
};

/** Every setting that is in force, with its source. */
export function SettingsPage() {
  if (!may('operator'))
    return (
      <Main title="Settings">
        <RoleNeeded least="operator" to="see the settings" />
      </Main>
    );
  return <Settings />;
}

function Settings() {
  const settings = usePolled(() => currentApi().settings(), null, []);
  const items = settings.value?.items ?? null;
  const [word, shown] = [param('q').trim().toLowerCase(), param('show')];
  const found = items?.filter(
    ({ key, description, source, next }) =>
      (shown === 'set' ? source !== 'default' : shown === 'waiting' ? next !== undefined : true) &&
      `${key} ${description}`.toLowerCase().includes(word),
  );
  const waiting = items?.filter(({ next }) => next !== undefined).length ?? 0;
  return (
    <Main title="Settings" actions={may('admin') && <Reload done={settings.again} />}>
      <p class="lead">The current settings. To change one, edit the configuration file or the environment.</p>
      {waiting > 0 && (
        <p class="notice warn" role="status">
          {waiting === 1 ? '1 setting has a new value' : `${waiting} settings have new values`}. Restart the gateway to
          apply
          {waiting === 1 ? ' it' : ' them'}.
        </p>
      )}
      <search class="filters">
        <input
          type="search"
          aria-label="Key or description"
          placeholder="Key or description"
          value={param('q')}
          onInput={({ currentTarget }) => setParams({ q: currentTarget.value })}
        />
        <select
          aria-label="Which settings"
          value={shown}
          onChange={({ currentTarget }) => setParams({ show: currentTarget.value })}
        >
          <option value="">all settings</option>
          <option value="set">set in this installation</option>
          <option value="waiting">waiting for a restart</option>
        </select>
        {found !== undefined && <span class="found">{found.length} shown</span>}
      </search>
      {settings.trouble !== null && <Failed what={settings.trouble} retry={settings.again} />}
      {found === undefined ? (
        <p class="empty">Loading…</p>
      ) : found.length === 0 ? (
        <section class="card">
          <Empty title="No settings match." action={<ShowAll filters={['q', 'show']}>Show all settings</ShowAll>} />
        </section>
      ) : (
        sectionsOf(found).map(([name, list]) => (
          <section key={name} class="card" aria-label={name}>
            <h2>{name}</h2>
            <ul class="settings">
              {list.map((item) => (
                <SettingRow key={item.key} item={item} />
              ))}
            </ul>
          </section>
        ))
      )}
    </Main>
  );
}

/** The settings by the first part of their key. Those without a section come first. */
function sectionsOf(items: readonly SettingItem[]): [string, SettingItem[]][] {
  const sections = new Map<string, SettingItem[]>([['general', []]]);
  for (const item of items) {
    const name = item.key.includes('.') ? item.key.slice(0, item.key.indexOf('.')) : 'general';
    sections.set(name, [...(sections.get(name) ?? []), item]);
  }
  return [...sections].filter(([, list]) => list.length > 0);
}

function SettingRow({ item }: { item: SettingItem }) {
  const { key, value, source, from, reload, description, next } = item;
  return (
    <li>
      <span class="name">
        <code>{key}</code>
        <small>{description}</small>
      </span>
      <span class="name">
        <b>{valueText(value)}</b>
        {source !== 'default' && <small>default: {valueText(item.default)}</small>}
        {next !== undefined && <small class="wait-text">after a restart: {valueText(next)}</small>}
      </span>
      <span>
        <span class={`badge ${source === 'default' ? 'off' : 'go'}`}>{sources[source]}</span>
        {from !== null && <small class="wraps">{from}</small>}
        <small>{reload ? 'reload to apply' : 'restart to apply'}</small>
      </span>
    </li>
  );
}

function valueText(value: SettingItem['value']): string {
  if (value === null) return 'not set';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (value === '***') return 'set, hidden';
  return value === '' ? 'empty' : String(value);
}

/** Reads the configuration again, and reports what that changed. */
function Reload({ done }: { done(): void }) {
  const [result, setResult] = useState<string | null>(null);
  const reload = (): void => {
    currentApi()
      .reload()
      .then(
        (reloaded) => setResult(reloadText(reloaded)),
        (error: Error) => (error instanceof RefusedError ? setResult(error.message) : fail(error)),
      )
      .finally(done);
  };
  return (
    <span class="reload">
      <span role="status">{result}</span>
      <button type="button" class="quiet" onClick={reload}>
        Reload configuration
      </button>
    </span>
  );
}

function reloadText({ applied, needsRestart }: ReloadedBody): string {
  if (applied.length + needsRestart.length === 0) return 'Reloaded. No settings have changed.';
  const waits = needsRestart.length === 0 ? '' : ` Restart to apply: ${needsRestart.join(', ')}.`;
  return `Reloaded.${applied.length === 0 ? '' : ` Applied: ${applied.join(', ')}.`}${waits}`;
}
