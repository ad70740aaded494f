import { useState } from 'preact/hooks';
import { addressOf } from './base.js';
import { signIn, signInError } from './session.js';

/** The form that asks for the operator key. */
export function SignIn() {
  const [missing, setMissing] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = String(form.get('key')).trim();
    setMissing(text === '');
    if (text !== '') void signIn(text, form.has('keep'));
  };
  const error = missing ? 'Enter the operator key.' : signInError.value;
  return (
    <main class="sign-in">
      <form noValidate onSubmit={submit}>
        <img src={addressOf('/favicon.svg')} alt="" width="48" height="48" />
        <h1>Sign in to Tidegate</h1>
        <label for="key">Operator key</label>
        <input
          id="key"
          name="key"
          type="password"
          placeholder="tgk_…"
          autocomplete="off"
          aria-invalid={error !== null}
          aria-describedby="sign-in-error"
        />
        <p class="error" role="alert" id="sign-in-error" hidden={error === null}>
          {error}
        </p>
        <label class="check">
          <input type="checkbox" name="keep" /> Keep me signed in on this computer
        </label>
        <p class="hint">Anyone who uses this browser can then act with your key. Leave it off on a shared computer.</p>
        <button type="submit" class="primary">
          Sign in
        </button>
        <details>
          <summary>Where do I find the key?</summary>
          <p class="hint">
            The gateway wrote its first key to the file <code>admin.key</code> in its data folder. With it,{' '}
            <code>npx tidegate key add NAME</code> creates more keys.
          </p>
        </details>
      </form>
    </main>
  );
}
