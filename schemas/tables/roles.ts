/** The roles of operator keys, from the least to the most powerful. Each may do what the roles before it may do. */
export const roles = ['viewer', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Whether a key of role `has` may do what needs role `needs`. */
export function allows(has: Role, needs: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needs);
}
