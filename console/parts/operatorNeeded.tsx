import { session } from '../session/session.js';

/** Stands in place of a button for keys below the role operator: why it is missing, and how to get it. `to` completes "To …". */
export function OperatorNeeded({ to }: { to: string }) {
  const own = session.value ?? { name: '', role: 'viewer' };
  return (
    <p class="why-not">
      Your key <b>{own.name}</b> has the role <b>{own.role}</b>. To {to}, you need the role <b>operator</b>. Someone
      with an admin key can create such a key: <code>tidegate key add NAME --role operator</code>
    </p>
  );
}
