import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the gateway is, without a trailing slash. */
export function gatewayUrl(env = process.env) {
  return (env.GATEHOUSE_URL || 'http://127.0.0.1:4000').replace(/\/+$/, '');
}

/**
 * The master key and the shell expression that yields it, for the curl lines.
 * @throws Error that says where a key is looked for
 */
export function findMasterKey(env = process.env) {
  if (env.MASTER_KEY) return { key: env.MASTER_KEY.trim(), shell: null };
  const file = join(env.DATA_DIR || '.data', 'master-key');
  try {
    return { key: readFileSync(file, 'utf8').trim(), shell: `$(cat ${file})` };
  } catch (error) {
    const hint = 'start the gateway with "npm start" in this directory first, or set MASTER_KEY to its master key';
    throw new Error(`no master key: MASTER_KEY is not set and ${file} cannot be read (${error.code}); ${hint}`, {
      cause: error,
    });
  }
}

/** Enough of a key to recognise it. */
export function mask(key) {
  return `${key.slice(0, 3)}…${key.slice(-4)}`;
}
