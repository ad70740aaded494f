import { useId, useState } from 'preact/hooks';
import { type FieldKind, fieldKind, hintOf, type ParamSchema, type Params, withParam } from './params.js';

interface FieldsProps {
  schema: ParamSchema;
  value: Params;
  /** The gateway's error per parameter, by its JSON Pointer. */
  errors: ReadonlyMap<string, string>;
  /** The JSON Pointer of this object. */
  path: string;
  change(value: Params): void;
}

/** One field per parameter of the schema. */
export function ParamFields({ schema, value, errors, path, change }: FieldsProps) {
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <ParamField
          key={name}
          name={name}
          schema={property}
          required={schema.required?.includes(name) === true}
          value={value[name]}
          errors={errors}
          path={`${path}/${name}`}
          change={(next) => change(withParam(value, name, next))}
        />
      ))}
    </>
  );
}

interface FieldProps {
  name: string;
  schema: ParamSchema;
  required: boolean;
  value: unknown;
  errors: ReadonlyMap<string, string>;
  path: string;
  change(value: unknown): void;
}

function ParamField(props: FieldProps) {
  const { name, schema, required, errors, path } = props;
  const id = useId();
  const kind = fieldKind(schema);
  const error = errors.get(path);
  if (kind === 'group')
    return (
      <fieldset class="param-group">
        <legend>{schema.title ?? name}</legend>
        <ParamFields
          schema={schema}
          value={(props.value ?? {}) as Params}
          errors={errors}
          path={path}
          change={props.change}
        />
      </fieldset>
    );
  const hint = [schema.description, hintOf(schema)].filter((text) => text !== undefined && text !== '').join(' · ');
  const Input = inputs[kind];
  return (
    <div class={error === undefined ? 'field' : 'field wrong'}>
      <label for={id}>
        {schema.title ?? name} {!required && <small>optional</small>}
        {schema.secret === true && <small class="secret"> secret: not shown again</small>}
      </label>
      <Input {...props} id={id} described={`${id}-hint`} />
      <p class="hint" id={`${id}-hint`}>
        {error === undefined ? hint : <strong role="alert">This value {error}.</strong>}
      </p>
    </div>
  );
}

type InputProps = FieldProps & { id: string; described: string };

function NumberInput({ id, described, schema, required, value, change }: InputProps) {
  return (
    <input
      id={id}
      aria-describedby={described}
      type="number"
      inputMode="decimal"
      required={required}
      min={schema.minimum}
      max={schema.maximum}
      step={schema.multipleOf ?? (schema.type === 'integer' ? 1 : 'any')}
      value={value === undefined ? '' : String(value)}
      onInput={({ currentTarget }) =>
        change(Number.isNaN(currentTarget.valueAsNumber) ? undefined : currentTarget.valueAsNumber)
      }
    />
  );
}

/** A line of text. The text of a secret is hidden while it is typed. */
function TextInput({ id, described, schema, required, value, change }: InputProps) {
  const common = {
    id,
    'aria-describedby': described,
    spellcheck: false,
    required: required && schema.minLength !== 0,
    minLength: schema.minLength,
    maxLength: schema.maxLength,
    value: value === undefined ? '' : String(value),
    onInput: ({ currentTarget }: InputEvent & { currentTarget: HTMLInputElement }) =>
      change(currentTarget.value === '' ? undefined : currentTarget.value),
  };
  return schema.secret === true ? (
    <input {...common} type="password" autocomplete="new-password" />
  ) : (
    <input {...common} type="text" autocomplete="off" />
  );
}

function ChoiceInput({ id, described, schema, required, value, change }: InputProps) {
  const choices = schema.type === 'boolean' ? [true, false] : (schema.enum ?? []);
  return (
    <select
      id={id}
      aria-describedby={described}
      required={required}
      value={value === undefined ? '' : String(choices.indexOf(value))}
      onChange={({ currentTarget }) =>
        change(currentTarget.value === '' ? undefined : choices[Number(currentTarget.value)])
      }
    >
      <option value="">{required ? 'Choose…' : 'not set'}</option>
      {choices.map((choice, i) => (
        <option key={String(choice)} value={String(i)}>
          {String(choice)}
        </option>
      ))}
    </select>
  );
}

function JsonInput({ id, described, required, value, change }: InputProps) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value));
  return (
    <textarea
      id={id}
      aria-describedby={described}
      class="code"
      rows={2}
      required={required}
      spellcheck={false}
      placeholder="JSON"
      value={text}
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        const parsed = parseJson(currentTarget.value);
        currentTarget.setCustomValidity(parsed.fault ?? '');
        if (parsed.fault === null) change(parsed.value);
      }}
    />
  );
}

const inputs: Record<Exclude<FieldKind, 'group'>, typeof TextInput> = {
  choice: ChoiceInput,
  switch: ChoiceInput,
  number: NumberInput,
  integer: NumberInput,
  text: TextInput,
  json: JsonInput,
};

/** Parses JSON text. An empty text is no value and no fault. */
export function parseJson(text: string): { value: unknown; fault: string | null } {
  if (text.trim() === '') return { value: undefined, fault: null };
  try {
    return { value: JSON.parse(text) as unknown, fault: null };
  } catch (error) {
    return { value: undefined, fault: `This is not JSON: ${(error as Error).message}` };
  }
}
