import { Column } from 'typeorm';
import type { JsonObject } from '../../common/json.js';
import { WriteColumns } from '../../database/write-columns.js';
import type { ObjectPermission } from '../object-permission.js';

/** Columns of every stored identity. */
export abstract class IdentityColumns extends WriteColumns {
  abstract id: string;
}

/** Columns of every identity that can carry grants and limits. */
export abstract class LevelColumns extends IdentityColumns {
  @Column({ type: 'jsonb', default: {} })
  metadata: JsonObject;

  @Column({ type: 'jsonb', nullable: true })
  object_permission: ObjectPermission | null;

  /**
   * The last write named something stale or emptied a list, or what it named was deleted: the level keeps speaking
   * although nothing is left of it.
   */
  @Column({ type: 'boolean', default: false })
  permission_closed: boolean;

  /** A level that is blocked refuses everything to everybody who has it. */
  @Column({ type: 'boolean', default: false })
  blocked: boolean;

  /** Calls a minute, over all servers. */
  @Column({ type: 'integer', nullable: true })
  rpm_limit: number | null;

  /** Server id to calls a minute. */
  @Column({ type: 'jsonb', nullable: true })
  mcp_rpm_limit: Record<string, number> | null;

  /** Most that the calls may cost in total, in the unit of the servers' cost settings. */
  @Column({ type: 'double precision', nullable: true })
  max_budget: number | null;
}
