import { useEffect, useState } from 'preact/hooks';
import { spanText } from '../../schemas/display/times.js';
import type { CommandCreate, ModelCommandItem, ModelItem } from '../../schemas/generated/operator.js';
import { deviceLabel } from '../fleet/deviceName.js';
import { OperatorNeeded } from '../parts/roleNeeded.js';
import { Fault, useValidation } from '../parts/validation.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may } from '../session/session.js';
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
import { read } from './deviceCommands.js';

const ttlDefaultSeconds = 3_600;

/** The form that sends one command. The device's model lists the commands and their parameters; without a list, any name and a JSON object can be typed. */
export function CommandBox({ device, model, online }: { device: string; model: ModelItem | null; online: boolean }) {
  const declared = model?.commands ?? [];
  const [draft, setDraft] = useState<Draft>(() => firstDraft(declared));
  const [sending, setSending] = useState(false);
  const { fault, check } = useValidation();
  const [refusal, setRefusal] = useState<RefusedError | null>(null);
  useEffect(() => {
    setDraft(firstDraft(declared));
    setRefusal(null);
  }, [device, model]);
  const command = declared.find(({ name }) => name === draft.name) ?? null;
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!check(event.currentTarget as HTMLFormElement)) return;
    setSending(true);
    setRefusal(null);
    try {
      const { id } = await currentApi().send(device, bodyOf(draft, command), crypto.randomUUID());
      setDraft(draftOf(draft.name, command));
      await read(id);
    } catch (error) {
      if (error instanceof RefusedError) setRefusal(error);
      else fail(error as Error);
    }
    setSending(false);
  }

  const errors = new Map((refusal?.errors ?? []).map(({ path, message }) => [path, message]));
  return (
    <form class="card command-box" aria-label="Send a command" noValidate onSubmit={(event) => void submit(event)}>
      {declared.length === 0 ? (
        <FreeCommand
          why={
            model === null
              ? 'This device has no model, so there is no list of commands.'
              : `Model ${model.name} lists no commands.`
          }
          draft={draft}
          change={change}
        />
      ) : (
        <>
          <CommandChoice
            declared={declared}
            chosen={draft.name}
            choose={(name) => {
              setDraft(draftOf(name, declared.find((item) => item.name === name) ?? null));
              setRefusal(null);
            }}
          />
          <CommandParams draft={draft} command={command} errors={errors} change={change} />
        </>
      )}
      <Limits draft={draft} command={command} change={change} />
      <Fault text={fault} />
      {refusal !== null && <Refusal refusal={refusal} />}
      <div class="send">
        {may('operator') ? (
          <button type="submit" class="primary" disabled={sending || draft.name === ''}>
            {sending ? 'Sending…' : `Send${draft.name === '' ? '' : ` ${draft.name}`}`}
          </button>
        ) : (
          <OperatorNeeded to="send commands" />
        )}
        {may('operator') && !online && (
          <p class="hint">
            {deviceLabel(device)} is not connected. The command is sent as soon as it connects, and expires after{' '}
            {spanText(1000 * (Number(draft.ttl) || command?.ttlSeconds || ttlDefaultSeconds))}.
          </p>
        )}
      </div>
    </form>
  );
}

function firstDraft(declared: ModelCommandItem[]): Draft {
  return declared.length === 0 ? emptyDraft : draftOf(declared[0].name, declared[0]);
}

function bodyOf(draft: Draft, command: ModelCommandItem | null): CommandCreate {
  const { name, ttl, deadline, supersedes } = draft;
  const body: CommandCreate = { name, params: paramsOf(draft, command) };
  if (ttl !== '') body.ttlSeconds = Number(ttl);
  if (deadline !== '') body.deadlineSeconds = Number(deadline);
  if (supersedes !== '') body.supersedes = supersedes;
  return body;
}

function Limits({
  draft,
  command,
  change,
}: {
  draft: Draft;
  command: ModelCommandItem | null;
  change(part: Partial<Draft>): void;
}) {
  return (
    <details class="limits">
      <summary>Time limits</summary>
      <div class="two">
        <SecondsField
          label="Send within"
          value={draft.ttl}
          usual={command?.ttlSeconds ?? ttlDefaultSeconds}
          change={(ttl) => change({ ttl })}
        />
        <SecondsField
          label="Finish within"
          value={draft.deadline}
          usual={command?.deadlineSeconds ?? 300}
          change={(deadline) => change({ deadline })}
        />
      </div>
      <div class="field">
        <label for="supersedes">
          Replace queued commands with this word <small>optional</small>
        </label>
        <input
          id="supersedes"
          autocomplete="off"
          maxLength={64}
          placeholder="setpoint"
          value={draft.supersedes}
          onInput={({ currentTarget }) => change({ supersedes: currentTarget.value })}
        />
      </div>
    </details>
  );
}

function SecondsField({
  label,
  value,
  usual,
  change,
}: {
  label: string;
  value: string;
  usual: number;
  change(text: string): void;
}) {
  return (
    <label class="field">
      {label}
      <span class="with-unit">
        <input
          type="number"
          min={1}
          step={1}
          placeholder={String(usual)}
          value={value}
          onInput={({ currentTarget }) => change(currentTarget.value)}
        />
        <span>s</span>
      </span>
    </label>
  );
}
