import type { Principal } from '../../auth/principal.js';

/** Who submits or reviews: the user, over all its keys; else the key. */
export function submitterOf({ userId, id }: Principal): string {
  return userId ?? `key:${id}`;
}
