import { useState } from 'preact/hooks';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type { BatchBody, BatchCreate, ModelCommandItem } from '../../schemas/generated/operator.js';
import { countOfModel, counts, listed, modelNames, tagCounts } from '../fleet/devices.js';
import { takeHanded } from '../fleet/selection.js';
import { Fault, useValidation } from '../parts/validation.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, models } from '../session/session.js';
import {
  CommandChoice,
  CommandParams,
  type Draft,
  draftOf,
  emptyDraft,
  FreeCommand,
  paramsOf,
  Refusal,
} from './commandDraft.js';

const targets = [
  ['model', 'by model'],
  ['tag', 'by tag'],
  ['ids', 'by id'],
  ['all', 'all devices'],
] as const;
type TargetKind = (typeof targets)[number][0];

/** The form that starts a command batch. If the target is a model, the model's commands and parameters make the form. */
export function BatchForm({ made }: { made(batch: BatchBody): void }) {
  const [handed] = useState(takeHanded);
  const [kind, setKind] = useState<TargetKind>(handed.length > 0 ? 'ids' : 'model');
  const [chosen, setChosen] = useState(handed.join(' '));
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const [refusal, setRefusal] = useState<RefusedError | null>(null);
  const [asking, setAsking] = useState(false);
  const { fault, check } = useValidation();
  const [limits, setLimits] = useState<Limits>({ concurrency: '', abort: '10' });
  const declared = kind === 'model' ? (models.value.get(chosen)?.commands ?? []) : [];
  const command = declared.find(({ name }) => name === draft.name) ?? null;
  const choose = (nextKind: TargetKind, next: string): void => {
    setAsking(false);
    setKind(nextKind);
    setChosen(next);
    const first = nextKind === 'model' ? (models.value.get(next)?.commands[0] ?? null) : null;
    setDraft(first === null ? emptyDraft : draftOf(first.name, first));
  };

  const count = countOfTarget(kind, chosen);
  const sentence = `Send ${draft.name} to ${countOf(count, 'device')}`;
  const ask = (event: SubmitEvent): void => {
    event.preventDefault();
    setRefusal(null);
    setAsking(check(event.currentTarget as HTMLFormElement));
  };
  async function send(): Promise<void> {
    setAsking(false);
    try {
      made(await currentApi().createBatch(bodyOf(kind, chosen, draft, command, limits)));
    } catch (error) {
      if (error instanceof RefusedError) setRefusal(error);
      else fail(error as Error);
    }
  }

  const errors = new Map((refusal?.errors ?? []).map(({ path, message }) => [path, message]));
  return (
    <form class="card batch-form" aria-label="Command many devices" noValidate onSubmit={ask}>
      <fieldset class="chips">
        <legend>Devices</legend>
        {targets.map(([name, title]) => (
          <label key={name}>
            <input type="radio" name="target" checked={kind === name} onChange={() => choose(name, '')} />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <TargetField kind={kind} chosen={chosen} choose={(next) => choose(kind, next)} />
      {declared.length === 0 ? (
        (kind !== 'model' || chosen !== '') && (
          <FreeCommand
            why={
              kind === 'model'
                ? `Model ${chosen} lists no commands.`
                : 'To choose from a list of commands, select devices by model.'
            }
            draft={draft}
            change={(part) => setDraft({ ...draft, ...part })}
          />
        )
      ) : (
        <>
          <CommandChoice
            declared={declared}
            chosen={draft.name}
            choose={(name) => setDraft(draftOf(name, declared.find((item) => item.name === name) ?? null))}
          />
          <CommandParams
            draft={draft}
            command={command}
            errors={errors}
            change={(part) => setDraft({ ...draft, ...part })}
          />
        </>
      )}
      <LimitFields limits={limits} change={setLimits} />
      <Fault text={fault} />
      {refusal !== null && <Refusal refusal={refusal} />}
      {asking ? (
        <p class="sure" role="alert">
          <button type="button" class="danger solid" onClick={() => void send()}>
            {sentence} now
          </button>
          <button type="button" class="quiet" onClick={() => setAsking(false)}>
            Cancel
          </button>
        </p>
      ) : (
        <button type="submit" class="primary" disabled={draft.name === '' || (kind !== 'all' && chosen === '')}>
          {draft.name === '' || count === 0 ? 'Send' : `${sentence}…`}
        </button>
      )}
    </form>
  );
}

/** The limits of a batch as typed; an empty text means the default. */
interface Limits {
  concurrency: string;
  /** Percent of the devices. */
  abort: string;
}

function LimitFields({ limits, change }: { limits: Limits; change(next: Limits): void }) {
  return (
    <div class="two">
      <label class="field">
        Devices at once
        <input
          type="number"
          min={1}
          placeholder="1000"
          value={limits.concurrency}
          onInput={({ currentTarget }) => change({ ...limits, concurrency: currentTarget.value })}
        />
      </label>
      <label class="field">
        Abort if more than this share fails
        <span class="with-unit">
          <input
            type="number"
            min={0}
            max={100}
            placeholder="never"
            value={limits.abort}
            onInput={({ currentTarget }) => change({ ...limits, abort: currentTarget.value })}
          />
          <span>%</span>
        </span>
      </label>
    </div>
  );
}

function bodyOf(
  kind: TargetKind,
  chosen: string,
  draft: Draft,
  command: ModelCommandItem | null,
  { concurrency, abort }: Limits,
): BatchCreate {
  const at = chosen.indexOf('=');
  const targetsBy: Record<TargetKind, () => BatchCreate['target']> = {
    all: () => ({ all: true }),
    model: () => ({ model: chosen }),
    tag: () => ({ tags: { [chosen.slice(0, at)]: chosen.slice(at + 1) } }),
    ids: () => ({ ids: idsOf(chosen) as [string, ...string[]] }),
  };
  return {
    target: targetsBy[kind](),
    name: draft.name,
    params: paramsOf(draft, command),
    ...(concurrency === '' ? {} : { concurrency: Number(concurrency) }),
    ...(abort === '' ? {} : { abortOnFailurePercent: Number(abort) }),
  };
}

const idsOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

/** How many devices the target has at present. */
function countOfTarget(kind: TargetKind, chosen: string): number {
  switch (kind) {
    case 'all':
      return counts.value.all;
    case 'model':
      return countOfModel(chosen);
    case 'tag':
      return new Map(tagCounts.value).get(chosen) ?? 0;
    case 'ids':
      return new Set(idsOf(chosen)).size;
    default:
      return kind satisfies never;
  }
}

function TargetField({ kind, chosen, choose }: { kind: TargetKind; chosen: string; choose(next: string): void }) {
  if (kind === 'all') return null;
  if (kind === 'ids')
    return (
      <div class="field">
        <label for="ids">Device ids, separated by spaces or commas</label>
        <textarea
          id="ids"
          rows={2}
          class="code"
          placeholder={listed.value
            .slice(0, 3)
            .map(({ id }) => id)
            .join(' ')}
          value={chosen}
          onInput={({ currentTarget }) => choose(currentTarget.value)}
        />
      </div>
    );
  const choices: [string, string][] =
    kind === 'model'
      ? modelNames.value.map((name) => [name, name])
      : tagCounts.value.map(([tag, count]) => [tag, `${tag} (${countText(count)})`]);
  return (
    <div class="field">
      <label for="target">{kind === 'model' ? 'Model' : 'Tag'}</label>
      <select id="target" required value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value="">Choose…</option>
        {choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
