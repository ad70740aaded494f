import { useState } from 'preact/hooks';
import { stepText } from '../../schemas/display/times.js';
import type { CommandBody } from '../../schemas/generated/operator.js';
import { commandStates, isOpen, stateText } from '../parts/commandStates.js';
import { Link } from '../parts/link.js';
import { Time } from '../parts/time.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, session } from '../session/session.js';
import { commandsLoading, loadMore, moreCommands, read, shownCommands } from './deviceCommands.js';

/** The commands of the device, newest first, each with all its states. */
export function CommandHistory({ device }: { device: string }) {
  const commands = shownCommands.value;
  if (commands.length === 0)
    return (
      <p class="empty">
        {commandsLoading.value
          ? 'Loading the history…'
          : 'No commands yet. Commands that you send appear here with their progress.'}
      </p>
    );
  return (
    <>
      <ol class="commands" aria-label="Commands, newest first">
        {commands.map((command, i) => (
          <CommandItem key={command.id} command={command} open={i === 0} />
        ))}
      </ol>
      {moreCommands.value !== null && (
        <button type="button" class="quiet" onClick={() => void loadMore(device, moreCommands.value)}>
          Load older commands
        </button>
      )}
    </>
  );
}

/** The state of a command as a coloured word; hovering shows what it means. */
export function StateBadge({ state }: { state: string }) {
  const { tone, meaning } = commandStates[state] ?? { tone: 'off', meaning: '' };
  return (
    <span class={`badge ${tone}`} title={meaning}>
      {stateText(state)}
    </span>
  );
}

function CommandItem({ command, open }: { command: CommandBody; open: boolean }) {
  const { id, name, params, state, result, error, createdAt } = command;
  return (
    <li class="command">
      <details open={open || isOpen(state)}>
        <summary>
          <StateBadge state={state} />
          <span class="name">
            <b>{name}</b> {jsonText(params) !== '' && <code>{jsonText(params)}</code>}
          </span>
          <Time at={createdAt} as="age" />
        </summary>
        <Transitions command={command} />
        {error !== null && <Said what="Error from the device" value={error} />}
        {result !== null && <Said what="Result from the device" value={result} />}
        <p class="id">
          <small>
            {id} · by {named(command.by)}
            {command.batch !== null && (
              <>
                {' · '}
                <Link to={`/commands?batch=${command.batch}`}>part of a batch</Link>
              </>
            )}
          </small>
          {state === 'queued' && may('operator') && <Cancel id={id} />}
        </p>
      </details>
    </li>
  );
}

const jsonText = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text === '{}' ? '' : text;
};

/** Replaces the id of the session's own key by its name. The names of other keys are visible to admins only. */
function named(text: string): string {
  const own = session.value;
  return own === null ? text : text.replace(own.id, own.name);
}

function Said({ what, value }: { what: string; value: unknown }) {
  return (
    <p class="said">
      <small>{what}</small> <code>{JSON.stringify(value)}</code>
    </p>
  );
}

/** Every state with its time, the time since the state before, and its cause. */
function Transitions({ command: { history, state, progress } }: { command: CommandBody }) {
  return (
    <ol class="transitions">
      {history.map((step, i) => (
        <li key={`${step.at} ${step.state}`} class={commandStates[step.state]?.tone ?? 'off'}>
          <b>{stateText(step.state)}</b>
          <Time at={step.at} as="clock" />
          <span class="step">{i === 0 ? '' : stepText(step.at - history[i - 1].at)}</span>
          <span class="cause">{named(step.cause)}</span>
        </li>
      ))}
      {isOpen(state) && (
        <li class="next">
          {commandStates[state]?.meaning}
          {progress !== null && ` · ${JSON.stringify(progress)}`}
        </li>
      )}
    </ol>
  );
}

function Cancel({ id }: { id: string }) {
  const [refused, setRefused] = useState<string | null>(null);
  const cancel = async (): Promise<void> => {
    try {
      await currentApi().cancel(id);
    } catch (error) {
      if (error instanceof RefusedError) setRefused(error.message);
      else fail(error as Error);
    }
    await read(id);
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => void cancel()}>
        Cancel
      </button>
      {refused !== null && <span role="alert">{refused}</span>}
    </>
  );
}
