import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { LevelColumns } from './level-columns.js';

/** An agent: a ceiling over the keys that name it. */
@Entity('agents')
@Index('agents_order', ['created_at', 'id'])
export class AgentEntity extends LevelColumns {
  @PrimaryColumn({ name: 'agent_id', type: 'text', primaryKeyConstraintName: 'agents_pkey' })
  override id: string;

  @Column({ type: 'text', nullable: true })
  agent_name: string | null;
}
