/** Every role, the most powerful first. */
export const ROLES = [
  'proxy_admin',
  'proxy_admin_viewer',
  'internal_user',
  'internal_user_viewer',
  'customer',
] as const;

/** Role of the user behind a credential. A key without a user is an ordinary `internal_user`. */
export type Role = (typeof ROLES)[number];
