import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Row of `audit_links`: the records that were written together, and their hash over the link before. */
@Entity('audit_links')
@Index('audit_links_stored_at', ['stored_at'])
export class AuditLinkEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'audit_links_pkey' })
  chain: string;

  /** Counts from 1 in each chain, without a gap. */
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'audit_links_pkey' })
  seq: string;

  @Column({ type: 'timestamptz', precision: 3 })
  at: Date;

  /** Hash of the link before; empty for the first. */
  @Column({ type: 'text' })
  prev: string;

  @Column({ type: 'text' })
  hash: string;

  /** Ids of the records, in the order in which they are hashed. */
  @Column({ type: 'uuid', array: true })
  ids: string[];

  /** Of the database's clock; not hashed. */
  @Column({ type: 'timestamptz', default: () => 'now()' })
  stored_at: Date;
}
