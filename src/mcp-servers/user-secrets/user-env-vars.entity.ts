import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { McpServerEntity } from '../mcp-server.entity.js';

/** Values that one user stored for the variables of one server. `env_values` holds an envelope, never clear text. */
@Entity('mcp_user_env_vars')
@Index('mcp_user_env_vars_by_server', ['server_id'])
export class UserEnvVarsEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_user_env_vars_pkey' })
  user_id: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'mcp_user_env_vars_pkey' })
  server_id: string;

  @ManyToOne(() => McpServerEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'server_id', foreignKeyConstraintName: 'mcp_user_env_vars_server' })
  server: McpServerEntity;

  @Column({ type: 'text' })
  env_values: string;
}
