import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { LevelColumns } from './level-columns.js';

/** A customer (end user) that requests name. */
@Entity('customers')
@Index('customers_order', ['created_at', 'id'])
export class CustomerEntity extends LevelColumns {
  @PrimaryColumn({ name: 'user_id', type: 'text', primaryKeyConstraintName: 'customers_pkey' })
  override id: string;

  @Column({ type: 'text', nullable: true })
  alias: string | null;

  /**
   * Set when the customer was deleted. The row stays: a deleted customer is refused, while one that was never
   * registered says nothing.
   */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at: Date | null;
}
