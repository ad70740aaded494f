import type { TargetedKeyboardEvent } from 'preact';
import { useState } from 'preact/hooks';
import { Link } from '../parts/link.js';
import { type Column, columns, columnsMax, metricNames, removeView, saveView, toggleColumn, views } from './columns.js';
import { tagCounts } from './devices.js';
import { sortedUnseen } from './listHead.js';
import { held, sortBy, sorting } from './order.js';

/** Above the list: which columns it has, and the saved views. Its headings sort it. */
export function ListTools() {
  return (
    <div class="list-tools">
      <OrderNotes />
      <Columns />
      <Views />
    </div>
  );
}

/** What no heading of the list says about its order. */
function OrderNotes() {
  const metric = sortedUnseen();
  return (
    <>
      {metric !== null && (
        <span class="unseen">
          Sorted by {metric}, which has no column.{' '}
          <button type="button" class="link" onClick={() => sortBy('', false)}>
            Sort by id
          </button>
        </span>
      )}
      {sorting.value.by !== '' && held.value && (
        <small class="held">sorting is paused while the pointer is on the list</small>
      )}
    </>
  );
}

/** Escape closes a menu and leads back to what opened it. */
function closeByEscape({ key, currentTarget }: TargetedKeyboardEvent<HTMLDetailsElement>): void {
  if (key !== 'Escape') return;
  currentTarget.open = false;
  currentTarget.querySelector('summary')?.focus();
}

function Columns() {
  const chosen = columns.value ?? [];
  const tags = [...new Set(tagCounts.value.map(([tag]) => tag.slice(0, tag.indexOf('='))))].sort();
  const box = (column: Column) => {
    const checked = chosen.some(({ kind, name }) => kind === column.kind && name === column.name);
    return (
      <label key={column.name} class="check">
        <input
          type="checkbox"
          checked={checked}
          disabled={!checked && chosen.length >= columnsMax}
          onChange={() => toggleColumn(column)}
        />
        {column.name}
      </label>
    );
  };
  return (
    <details class="menu" onKeyDown={closeByEscape}>
      <summary>Columns{chosen.length > 0 && ` (${chosen.length})`}</summary>
      <div class="card">
        <fieldset>
          <legend>Metrics</legend>
          {metricNames.value.map((name) => box({ kind: 'metric', name }))}
        </fieldset>
        <fieldset>
          <legend>Tags</legend>
          {tags.length === 0 && <small>No device has tags.</small>}
          {tags.map((name) => box({ kind: 'tag', name }))}
        </fieldset>
        <p class="hint">Choose up to {columnsMax}. If you choose none, each row shows its first metrics.</p>
      </div>
    </details>
  );
}

function Views() {
  const [name, setName] = useState('');
  return (
    <details class="menu" onKeyDown={closeByEscape}>
      <summary>Views{views.value.length > 0 && ` (${views.value.length})`}</summary>
      <div class="card">
        {views.value.map((view) => (
          <p key={view.name} class="view">
            <Link to={`/devices?${view.query}`}>{view.name}</Link>
            <button
              type="button"
              class="quiet"
              aria-label={`Remove view ${view.name}`}
              onClick={() => removeView(view.name)}
            >
              Remove
            </button>
          </p>
        ))}
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') saveView(name.trim());
            setName('');
          }}
        >
          <label class="field">
            Save filters, sorting and columns as
            <input
              type="text"
              maxLength={64}
              autocomplete="off"
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
          <button type="submit" class="primary">
            Save view
          </button>
        </form>
        <p class="hint">Views are saved in this browser only. To share a view, copy the URL of this page.</p>
      </div>
    </details>
  );
}
