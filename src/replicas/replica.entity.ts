import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A process that others can reach. Its row goes with it, or grows old. */
@Entity('replicas')
export class ReplicaEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'replicas_pkey' })
  id: string;

  /** Origin at which the other processes reach it. */
  @Column({ type: 'text' })
  url: string;

  /** By the clock of the database. */
  @Column({ type: 'timestamptz', default: () => 'now()' })
  seen_at: Date;
}
