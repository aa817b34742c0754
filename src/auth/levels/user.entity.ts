import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Role } from '../principal.js';
import { LevelColumns } from './level-columns.js';

/** A user of the gateway: the role and the ceiling of the keys and tokens that act for this person. */
@Entity('users')
@Index('users_email', ['user_email'], { unique: true, where: 'user_email is not null' })
@Index('users_order', ['created_at', 'id'])
export class UserEntity extends LevelColumns {
  @PrimaryColumn({ name: 'user_id', type: 'text', primaryKeyConstraintName: 'users_pkey' })
  override id: string;

  /** In lower case. */
  @Column({ type: 'text', nullable: true })
  user_email: string | null;

  @Column({ type: 'text' })
  user_role: Role;
}
