import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config, type KeyringEntry } from '../config/config.js';

/** Where an encrypted value lives. A ciphertext that is moved anywhere else does not decrypt. */
export interface FieldBinding {
  readonly table: string;
  /** Primary key of the row. */
  readonly row: string;
  readonly field: string;
}

const ALGORITHM = 'aes-256-gcm';
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts single fields with AES-256-GCM under the first key of the keyring; every key decrypts. The envelope is
 * `v1.<kid>.<nonce>.<ciphertext>.<tag>`, the last three in base64url.
 */
@Injectable()
export class FieldCipher {
  private readonly current: KeyringEntry;
  private readonly keys: ReadonlyMap<string, KeyringEntry>;

  constructor(@Inject(CONFIG) config: Config) {
    const [first] = config.encryptionKeys;
    if (first === undefined) throw new Error('the keyring is empty');
    this.current = first;
    this.keys = new Map(config.encryptionKeys.map((entry) => [entry.kid, entry]));
  }

  encrypt(plaintext: string, binding: FieldBinding): string {
    const { kid, key } = this.current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key.reveal(), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(binding, kid));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return [VERSION, kid, ...[nonce, ciphertext, cipher.getAuthTag()].map(encode)].join('.');
  }

  /** @throws GatehouseError `internal_error` when the key is missing, or the value was changed or moved. */
  decrypt(envelope: string, binding: FieldBinding): string {
    const [version, kid = '', nonce = '', ciphertext = '', tag = '', ...rest] = envelope.split('.');
    const entry = this.keys.get(kid);
    if (version !== VERSION || rest.length > 0) throw undecryptable(binding, 'it is not an envelope');
    if (entry === undefined) throw undecryptable(binding, `the keyring has no key "${kid}"`);
    try {
      const decipher = createDecipheriv(ALGORITHM, entry.key.reveal(), decode(nonce), { authTagLength: TAG_BYTES });
      decipher.setAAD(boundTo(binding, kid));
      decipher.setAuthTag(decode(tag));
      return Buffer.concat([decipher.update(decode(ciphertext)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw undecryptable(binding, 'it was changed, moved, or encrypted with another key', error);
    }
  }
}

function boundTo({ table, row, field }: FieldBinding, kid: string): Buffer {
  // As JSON, so that no part can be shifted into its neighbour.
  return Buffer.from(JSON.stringify([VERSION, kid, table, row, field]), 'utf8');
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url');
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

function undecryptable({ table, row, field }: FieldBinding, reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError('internal_error', 'A stored secret cannot be decrypted', {
    detail: `${table}.${field} of row ${row} cannot be decrypted: ${reason}`,
    cause,
  });
}
