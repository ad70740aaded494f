import type { ModelCommandItem } from '../../schemas/generated/operator.js';
import type { RefusedError } from '../session/api.js';
import { ParamFields, parseJson } from './paramFields.js';
import { defaultsOf, isForm, type ParamSchema, type Params } from './params.js';

/** A command as it is being typed. The times are texts in seconds; an empty text means the default. */
export interface Draft {
  name: string;
  params: Params;
  /** The parameters as JSON text, for a command that no model lists or whose parameters no form can show. */
  json: string;
  ttl: string;
  deadline: string;
  supersedes: string;
}

/** A draft with nothing typed. */
export const emptyDraft: Draft = { name: '', params: {}, json: '', ttl: '', deadline: '', supersedes: '' };

/** A draft of the command with its default parameters. */
export function draftOf(name: string, command: ModelCommandItem | null): Draft {
  return { ...emptyDraft, name, params: command === null ? {} : defaultsOf(command.params as ParamSchema) };
}

/** The parameters as they are sent. */
export function paramsOf({ params, json }: Draft, command: ModelCommandItem | null): Params {
  const free = command === null || !isForm(command.params as ParamSchema);
  return free ? ((parseJson(json).value ?? {}) as Params) : params;
}

/** Why the gateway refused the command. Errors of single parameters stand at their fields. */
export function Refusal({ refusal }: { refusal: RefusedError }) {
  const elsewhere = refusal.errors.filter(({ path }) => path === '/params' || !path.startsWith('/params/'));
  return (
    <p class="refusal" role="alert">
      <b>Not sent.</b> {refusal.message} {elsewhere.map(({ path, message }) => `${path} ${message}`).join('; ')}
    </p>
  );
}

/** The commands that the model lists, to choose one. */
export function CommandChoice({
  declared,
  chosen,
  choose,
}: {
  declared: ModelCommandItem[];
  chosen: string;
  choose(name: string): void;
}) {
  return (
    <fieldset class="chips">
      <legend class="hidden">Command</legend>
      {declared.map(({ name }) => (
        <label key={name}>
          <input type="radio" name="command" checked={name === chosen} onChange={() => choose(name)} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** The fields for the parameters of the chosen command. */
export function CommandParams({
  draft,
  command,
  errors,
  change,
}: {
  draft: Draft;
  command: ModelCommandItem | null;
  errors: ReadonlyMap<string, string>;
  change(part: Partial<Draft>): void;
}) {
  if (command === null) return null;
  const schema = command.params as ParamSchema;
  return (
    <>
      {command.description !== null && <p class="what">{command.description}.</p>}
      {isForm(schema) ? (
        <ParamFields
          schema={schema}
          value={draft.params}
          errors={errors}
          path="/params"
          change={(params) => change({ params })}
        />
      ) : (
        <JsonParams json={draft.json} change={change} />
      )}
    </>
  );
}

/** Fields for any command name and JSON parameters. `why` is a sentence that says why there is no list to choose from. */
export function FreeCommand({ why, draft, change }: { why: string; draft: Draft; change(part: Partial<Draft>): void }) {
  return (
    <>
      <p class="what">{why} Type any command name and its parameters as JSON.</p>
      <div class="field">
        <label for="command-name">Name</label>
        <input
          id="command-name"
          required
          maxLength={64}
          pattern="[A-Za-z0-9_\-.\/:]+"
          title="letters, digits, _ - . / or :"
          autocomplete="off"
          spellcheck={false}
          placeholder="set_interval"
          value={draft.name}
          onInput={({ currentTarget }) => change({ name: currentTarget.value })}
        />
      </div>
      <JsonParams json={draft.json} change={change} />
    </>
  );
}

function JsonParams({ json, change }: { json: string; change(part: Partial<Draft>): void }) {
  return (
    <div class="field">
      <label for="command-params">
        Parameters <small>a JSON object, optional</small>
      </label>
      <textarea
        id="command-params"
        class="code"
        rows={3}
        spellcheck={false}
        placeholder='{"seconds": 5}'
        value={json}
        onInput={({ currentTarget }) => {
          const { value, fault } = parseJson(currentTarget.value);
          const isObject =
            value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));
          currentTarget.setCustomValidity(fault ?? (isObject ? '' : 'The parameters must be a JSON object: {…}'));
          change({ json: currentTarget.value });
        }}
      />
    </div>
  );
}
