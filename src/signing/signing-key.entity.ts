import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SigningAlgorithm } from '../config/jwt-signer-config.js';

/** Row of `signing_keys`. */
@Entity('signing_keys')
export class SigningKeyEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'signing_keys_pkey' })
  kid: string;

  @Column('text')
  algorithm: SigningAlgorithm;

  /** `tokens`: published, for tokens that others check; else what only the gateway itself checks. */
  @Column({ type: 'text', default: 'tokens' })
  purpose: string;

  /** PKCS #8 in PEM, encrypted and bound to this row. */
  @Column('text')
  private_key: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  created_at: Date;

  /** Published from the beginning; signs from then on. */
  @Column('timestamptz')
  signs_from: Date;

  /** Since when no guardrail signs with keys of its algorithm; null: one does. */
  @Column('timestamptz', { nullable: true })
  retired_at: Date | null;
}
