import { signIn, signInError } from './session.js';

/** The form that asks for the operator key. */
export function SignIn() {
  return (
    <main class="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const text = String(new FormData(event.currentTarget).get('key')).trim();
          if (text !== '') void signIn(text);
        }}
      >
        <img src="/favicon.svg" alt="" width="48" height="48" />
        <h1>Tidegate</h1>
        <label for="key">Operator key</label>
        <input id="key" name="key" type="password" placeholder="tgk_…" autocomplete="off" required />
        {signInError.value !== null && (
          <p class="error" role="alert">
            {signInError.value}
          </p>
        )}
        <button type="submit">Sign in</button>
        <p class="hint">
          The first key is in the file <code>admin.key</code> in the gateway’s data folder. Create more keys with{' '}
          <code>tidegate key add</code>.
        </p>
      </form>
    </main>
  );
}
