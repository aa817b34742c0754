import { randomBytes } from 'node:crypto';
import { Secret } from '../common/secret.js';
import type { KeyringEntry } from './config.js';
import { InvalidValue } from './configuration-error.js';
import { parseList } from './parse-values.js';

const KEY_BYTES = 32;
const MASTER_KEY_LENGTH = 32;
/** Fewer different characters than this are a pattern typed by hand. A random key of 32 has more with near certainty. */
const LEAST_DIFFERENT = 8;
/** Words of the samples that documentation and compose files carry. */
const SAMPLE = /change[-_]?me|replace[-_]?(me|this)|placeholder|example|your[-_]master|sk-1234/i;
const KEYRING_RULE =
  'must be kid:base64 of 32 bytes, several separated by commas; make a key with: openssl rand -base64 32';

/** The credential of the administrator. */
export function parseMasterKey(text: string): Secret {
  if (!/^sk-[\x21-\x7e]+$/.test(text) || text.length < MASTER_KEY_LENGTH) {
    throw new InvalidValue(
      `must be sk- and random characters, at least ${MASTER_KEY_LENGTH} in all and without spaces`,
    );
  }
  if (SAMPLE.test(text) || new Set(text).size < LEAST_DIFFERENT) {
    throw new InvalidValue('is a sample that others know too: make an own one with: echo "sk-$(openssl rand -hex 24)"');
  }
  return new Secret(text);
}

/** `kid:base64(32 bytes)[,kid:…]`: the first key encrypts, all decrypt. */
export function parseKeyring(text: string): KeyringEntry[] {
  const keyring = parseList(text).map(parseKeyringEntry);
  const kids = new Set(keyring.map((entry) => entry.kid));
  if (keyring.length === 0) throw new InvalidValue(KEYRING_RULE);
  if (kids.size !== keyring.length) throw new InvalidValue('names a key id twice: give each key its own id');
  return keyring;
}

/** A new master key in the form that {@link parseMasterKey} accepts. */
export function newMasterKey(): string {
  return `sk-${randomBytes(32).toString('base64url')}`;
}

/** A new keyring of one key in the form that {@link parseKeyring} accepts. */
export function newKeyring(): string {
  return `k1:${randomBytes(KEY_BYTES).toString('base64')}`;
}

function parseKeyringEntry(text: string): KeyringEntry {
  const [, kid, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]{43}=?)$/.exec(text) ?? [];
  if (kid === undefined || encoded === undefined) throw new InvalidValue(KEYRING_RULE);
  const key = Buffer.from(encoded, 'base64');
  if (key.length !== KEY_BYTES) throw new InvalidValue(KEYRING_RULE);
  if (new Set(key).size < LEAST_DIFFERENT) {
    throw new InvalidValue('holds a key that is not random: make one with: openssl rand -base64 32');
  }
  return { kid, key: new Secret(key) };
}
