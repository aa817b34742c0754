import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PolicyVersions } from '../events/policy-version.js';
import { KeyChanges } from './key-changes.js';
import { KEYS_VERSION, type KeyChange } from './key-events.js';

/** Takes a server out of every grant. The levels that named it keep speaking, so that nothing widens. */
const REMOVE_FROM_KEYS = `
  update virtual_keys
  set object_permission = object_permission
        || case when jsonb_typeof(object_permission -> 'mcp_servers') = 'array'
             then jsonb_build_object('mcp_servers', (object_permission -> 'mcp_servers') - $1::text)
             else '{}'::jsonb end
        || case when jsonb_typeof(object_permission -> 'mcp_tool_permissions') = 'object'
             then jsonb_build_object('mcp_tool_permissions', (object_permission -> 'mcp_tool_permissions') - $1::text)
             else '{}'::jsonb end,
      permission_closed = true,
      revision = $2
  where (object_permission -> 'mcp_servers') ? $1 or (object_permission -> 'mcp_tool_permissions') ? $1
  returning token`;

/** Keeps grants free of servers that are gone, so that a later server with the same id starts with none. */
@Injectable()
export class ServerGrants {
  constructor(
    private readonly versions: PolicyVersions,
    private readonly changes: KeyChanges,
  ) {}

  /**
   * Removes a server from all grants, in the transaction that deletes it and before its row goes: whoever writes
   * grants waits for the version that is moved here, and then finds the server gone.
   * @returns what {@link announce} needs after the commit
   */
  async removeServerGrants(serverId: string, manager: EntityManager): Promise<KeyChange> {
    const version = await this.versions.bump(manager, KEYS_VERSION);
    const [rows]: [{ token: string }[], number] = await manager.query(REMOVE_FROM_KEYS, [serverId, version]);
    return { tokens: rows.map((row) => row.token), version };
  }

  /** Puts the change into force after the commit. */
  announce(change: KeyChange): Promise<void> {
    return this.changes.announce(change);
  }
}
