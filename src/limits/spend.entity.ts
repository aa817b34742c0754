import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { LevelKind } from '../auth/principal.js';

/** What the calls of one level have cost so far. */
@Entity('spend')
export class SpendEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'spend_pkey' })
  level_kind: LevelKind;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'spend_pkey' })
  level_id: string;

  @Column({ type: 'double precision' })
  amount: number;
}
