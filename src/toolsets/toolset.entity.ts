import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ToolReference } from './toolset.js';

/** A stored toolset. */
@Entity('mcp_toolsets')
@Index('mcp_toolsets_name', ['toolset_name'], { unique: true })
@Index('mcp_toolsets_order', ['created_at', 'toolset_id'])
export class ToolsetEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_toolsets_pkey' })
  toolset_id: string;

  @Column({ type: 'text' })
  toolset_name: string;

  @Column({ type: 'text', nullable: true })
  description: string | null;

  @Column({ type: 'jsonb', default: [] })
  tools: readonly ToolReference[];

  /** Policy version of the last write. */
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
