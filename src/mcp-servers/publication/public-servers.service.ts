import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { Principal } from '../../auth/principal.js';
import { McpServerEntity } from '../mcp-server.entity.js';
import type { McpServer } from '../mcp-server.js';
import { isConfigured } from '../mcp-servers.service.js';
import { ServerRegistry } from '../server-registry.js';
import { ServerWrites } from '../server-writes.js';
import type { PublicServerDto } from './publication.dto.js';

/** Which servers everybody may know of. A server that is deleted is not public any more. */
@Injectable()
export class PublicServers {
  constructor(
    private readonly writes: ServerWrites,
    private readonly registry: ServerRegistry,
  ) {}

  /**
   * Replaces the list.
   * @throws GatehouseError `not_found` when one of them is no active server, `conflict` when one is written in
   * gateway.yaml; then nothing is changed
   */
  async replace(serverIds: readonly string[], actor: Principal): Promise<readonly string[]> {
    const wanted = [...new Set(serverIds)];
    const choose = async (manager: EntityManager): Promise<string[]> => {
      await this.checkActive(wanted, manager);
      const changed = await manager.query<{ server_id: string }[]>(
        'SELECT server_id FROM mcp_servers WHERE is_public <> (server_id = ANY($1))',
        [wanted],
      );
      return changed.map(({ server_id }) => server_id);
    };
    await this.writes.writeMany({ author: actor, verb: 'make_public' }, choose, async (manager, { revision, ids }) => {
      await manager.query(
        `UPDATE mcp_servers SET is_public = NOT is_public, revision = $2, updated_at = date_trunc('milliseconds', now()),
           updated_by = $3
         WHERE server_id = ANY($1)`,
        [ids, revision, actor.id],
      );
    });
    return wanted;
  }

  private async checkActive(wanted: readonly string[], manager: EntityManager): Promise<void> {
    if (wanted.some((id) => this.registry.isConfigured(id))) throw isConfigured();
    const present = await manager.countBy(McpServerEntity, { server_id: In(wanted), approval_status: 'active' });
    if (present < wanted.length) {
      throw new GatehouseError('not_found', 'One of the ids is not that of an active server.');
    }
  }

  /** What everybody may know of them. */
  list(): PublicServerDto[] {
    return this.registry.current.servers.filter(({ isPublic }) => isPublic === true).map(toPublic);
  }
}

function toPublic(server: McpServer): PublicServerDto {
  const { is_public: _claimed, ...info } = server.mcpInfo ?? {};
  return {
    ...{ server_id: server.id, name: server.prefix, alias: server.alias, server_name: server.name },
    ...{ transport: server.transport, auth_type: server.authType, mcp_info: { ...info, is_public: true } },
  };
}
