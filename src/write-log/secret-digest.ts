import { createHmac, hkdfSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';

const PURPOSE = 'gatehouse digests of secrets in write records';

/**
 * Stands in records for a secret: equal secrets have equal digests, so a record shows whether a secret changed. Keyed,
 * since the plain hash of a password can be found by trying passwords, and view-only admins read these records.
 */
@Injectable()
export class SecretDigest {
  private readonly kid: string;
  private readonly key: Buffer;

  constructor(@Inject(CONFIG) config: Pick<Config, 'encryptionKeys'>) {
    const [first] = config.encryptionKeys;
    if (first === undefined) throw new Error('the keyring is empty');
    this.kid = first.kid;
    this.key = Buffer.from(hkdfSync('sha256', first.key.reveal(), '', PURPOSE, 32));
  }

  /** `hmac-sha256:<kid>:<hex>`; digests are comparable as long as the first key of the keyring stays. */
  of(secret: string): string {
    return `hmac-sha256:${this.kid}:${createHmac('sha256', this.key).update(secret, 'utf8').digest('hex')}`;
  }
}
