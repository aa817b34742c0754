import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { JsonObject } from '../common/json.js';
import type { ObjectPermission } from './object-permission.js';

/** A virtual key. The key itself is not stored. */
@Entity('virtual_keys')
@Index('virtual_keys_alias', ['key_alias'], { unique: true, where: 'key_alias is not null' })
@Index('virtual_keys_order', ['created_at', 'token'])
export class VirtualKeyEntity {
  /** SHA-256 of the key in hex. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'virtual_keys_pkey' })
  token: string;

  /** Masked form, for people. */
  @Column({ type: 'text' })
  key_name: string;

  @Column({ type: 'text', nullable: true })
  key_alias: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires: Date | null;

  @Column({ type: 'boolean', default: false })
  blocked: boolean;

  @Column({ type: 'text', array: true, default: '{}' })
  allowed_routes: string[];

  @Column({ type: 'jsonb', nullable: true })
  object_permission: ObjectPermission | null;

  /** The last write named something stale, or what it named was deleted: the key keeps speaking without it. */
  @Column({ type: 'boolean', default: false })
  permission_closed: boolean;

  @Column({ type: 'jsonb', default: {} })
  metadata: JsonObject;

  /** Policy version of the last write: another value means another record. */
  @Column({ type: 'integer' })
  revision: number;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at: Date;

  @Column({ type: 'text' })
  created_by: string;

  @Column({ type: 'timestamptz', precision: 3 })
  updated_at: Date;

  @Column({ type: 'text' })
  updated_by: string;
}
