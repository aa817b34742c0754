/** Topic of the changes of keys, which are named by their tokens. */
export const KEYS_CHANGED = 'auth.key.changed';
/** Name of the policy version that every write to a key moves. */
export const KEYS_VERSION = 'keys';
