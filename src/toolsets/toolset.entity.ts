import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { WriteColumns } from '../database/write-columns.js';
import type { ToolReference } from './toolset.js';

/** A stored toolset. */
@Entity('mcp_toolsets')
@Index('mcp_toolsets_name', ['toolset_name'], { unique: true })
@Index('mcp_toolsets_order', ['created_at', 'toolset_id'])
export class ToolsetEntity extends WriteColumns {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_toolsets_pkey' })
  toolset_id: string;

  @Column({ type: 'text' })
  toolset_name: string;

  @Column({ type: 'text', nullable: true })
  description: string | null;

  @Column({ type: 'jsonb', default: [] })
  tools: readonly ToolReference[];
}
