import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname } from 'node:path';

/** Beside the running Node, where the system keeps its programs. Not the PATH of the gateway: that is its own matter. */
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * The whole environment of an upstream process: the least that programs need, and what the server declares. Nothing of
 * the gateway's own environment, which holds its secrets.
 */
export function childEnvironment(declared: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: [...new Set([dirname(process.execPath), ...SYSTEM_PATH])].join(delimiter),
    HOME: homedir(),
    LANG: 'C.UTF-8',
    TMPDIR: tmpdir(),
    ...declared,
  };
}
