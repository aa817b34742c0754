import { Injectable } from '@nestjs/common';
import { CompactSign, compactVerify, errors } from 'jose';
import { DataSource } from 'typeorm';
import { FieldCipher } from '../database/field-cipher.js';
import { newPrivateKey, signingKeyOf, type SigningKey } from './key-material.js';
import { SigningKeyEntity } from './signing-key.entity.js';
import { bindingOf } from './signing-key.store.js';

const PURPOSE = 'statements';
const ALGORITHM = 'EdDSA';
/** Number of the advisory lock under which the first key is made. */
const FIRST_KEY_LOCK = 727_010;

/**
 * Signs what only this installation itself checks, with a key that is never published. Its private half is encrypted
 * with the keyring, so that whoever writes to the database alone can sign nothing.
 */
@Injectable()
export class StatementKeys {
  constructor(
    private readonly database: DataSource,
    private readonly cipher: FieldCipher,
  ) {}

  /**
   * A compact JWS.
   * @param type its `typ`, which tells kinds of statements apart
   */
  async sign(type: string, statement: string): Promise<string> {
    const key = (await this.keys()).at(-1) ?? (await this.first());
    return new CompactSign(new TextEncoder().encode(statement))
      .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: type })
      .sign(key.privateKey);
  }

  /** What was signed; null when it is not signed by this installation, or is a statement of another kind. */
  async read(type: string, jws: string): Promise<string | null> {
    const keys = await this.keys();
    try {
      const { payload, protectedHeader } = await compactVerify(
        jws,
        ({ kid }) => {
          const key = keys.find((known) => known.kid === kid);
          if (key === undefined) throw new errors.JWKSNoMatchingKey();
          return key.publicJwk;
        },
        { algorithms: [ALGORITHM] },
      );
      return protectedHeader.typ === type ? new TextDecoder().decode(payload) : null;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
      throw error;
    }
  }

  /** The oldest first. */
  private async keys(): Promise<SigningKey[]> {
    const rows = await this.database
      .getRepository(SigningKeyEntity)
      .find({ where: { purpose: PURPOSE }, order: { created_at: 'ASC' } });
    return rows.map(({ kid, private_key }) =>
      signingKeyOf(this.cipher.decrypt(private_key, bindingOf(kid)), ALGORITHM),
    );
  }

  /** Of processes that start together, one makes it. */
  private async first(): Promise<SigningKey> {
    const pem = await newPrivateKey(ALGORITHM);
    await this.database.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [FIRST_KEY_LOCK]);
      if (await manager.existsBy(SigningKeyEntity, { purpose: PURPOSE })) return;
      const { kid } = signingKeyOf(pem, ALGORITHM);
      const private_key = this.cipher.encrypt(pem, bindingOf(kid));
      const row = { kid, algorithm: ALGORITHM, purpose: PURPOSE, private_key, signs_from: new Date() } as const;
      await manager.insert(SigningKeyEntity, row);
    });
    const [key] = await this.keys();
    if (key === undefined) throw new Error('the key for statements is gone');
    return key;
  }
}
