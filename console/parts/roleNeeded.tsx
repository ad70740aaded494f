import { session } from '../session/session.js';

/** Stands in place of what keys below a role may not do: why it is missing, and how to get it. `to` completes "To …". */
export function RoleNeeded({ least, to }: { least: 'operator' | 'admin'; to: string }) {
  const own = session.value ?? { name: '', role: 'viewer' };
  return (
    <p class="why-not">
      Your key <b>{own.name}</b> has the role <b>{own.role}</b>. To {to}, you need the role <b>{least}</b>. Someone with
      an admin key can create such a key: <code>tidegate key add NAME --role {least}</code>
    </p>
  );
}

/** RoleNeeded for the role operator. */
export const OperatorNeeded = ({ to }: { to: string }) => <RoleNeeded least="operator" to={to} />;
