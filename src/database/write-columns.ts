import { Column } from 'typeorm';

/** Columns of every record that admins and users write: which write is in force, and who made the first and last one. */
export abstract class WriteColumns {
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
