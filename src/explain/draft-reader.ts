import { Injectable } from '@nestjs/common';
import type { KnownKey } from '../auth/known-key.js';
import { KeysService } from '../auth/keys.service.js';
import { IdentityStore } from '../auth/levels/identity-store.js';
import type { StoredLevelKind } from '../auth/levels/identity-kinds.js';
import type { IdentityFields } from '../auth/levels/identities.js';
import { KNOWN_LEVEL_OF, type KnownLevels } from '../auth/levels/known-level.js';
import type { Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { fieldFaults } from '../common/validation.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { McpServersService } from '../mcp-servers/mcp-servers.service.js';
import type { DraftDto } from './draft.dto.js';
import { Drafts } from './drafts.js';

/** What was read so far. */
class Reading {
  readonly key = new Map<string, KnownKey>();
  readonly team = new Map<string, KnownLevels['team']>();
  readonly user = new Map<string, KnownLevels['user']>();
  readonly customer = new Map<string, KnownLevels['customer']>();
  readonly agent = new Map<string, KnownLevels['agent']>();
  readonly organization = new Map<string, KnownLevels['organization']>();
  readonly access_group = new Map<string, readonly string[]>();
  readonly server = new Map<string, McpServer>();
}

/** Works out what a draft would make of what is stored, by the code of the update routes. Writes nothing. */
@Injectable()
export class DraftReader {
  constructor(
    private readonly keys: KeysService,
    private readonly identities: IdentityStore,
    private readonly servers: McpServersService,
  ) {}

  /**
   * @param actor who would make the changes
   * @throws GatehouseError what the update of that kind throws, with the change in the paths of faults;
   *   `invalid_request` when something is changed twice
   */
  async read(changes: readonly DraftDto[], actor: Principal): Promise<Drafts> {
    const reading = new Reading();
    for (const [index, change] of changes.entries()) {
      const path = `changes.${index}`;
      const id = await this.take(reading, change, actor).catch((error: unknown) => {
        throw within(path, error);
      });
      if (id === null) throw fieldFaults([{ path: `${path}.id`, message: 'is changed twice; join the changes' }]);
    }
    return new Drafts(reading);
  }

  /** The id; null when it was taken before. */
  private async take(reading: Reading, change: DraftDto, actor: Principal): Promise<string | null> {
    const { id } = change;
    switch (change.kind) {
      case 'key': {
        const drafted = await this.keys.rehearse(id, change, actor);
        return put(reading.key, drafted.token, drafted);
      }
      case 'team':
        return put(reading.team, id, await this.level('team', id, change));
      case 'user':
        return put(reading.user, id, await this.level('user', id, change));
      case 'customer':
      case 'agent':
      case 'organization':
        return put(reading[change.kind], id, await this.level(change.kind, id, change));
      case 'access_group': {
        const { access_mcp_server_ids } = await this.identities.rehearse('access_group', id, change);
        return put(reading.access_group, id, access_mcp_server_ids);
      }
      case 'server':
        return put(reading.server, id, await this.servers.rehearse(id, change));
    }
  }

  private async level<K extends StoredLevelKind>(
    kind: K,
    id: string,
    fields: IdentityFields[K],
  ): Promise<KnownLevels[K]> {
    return KNOWN_LEVEL_OF[kind](await this.identities.rehearse(kind, id, fields));
  }
}

function put<T>(drafted: Map<string, T>, id: string, value: T): string | null {
  if (drafted.has(id)) return null;
  drafted.set(id, value);
  return id;
}

/** The faults of an update, told where they are in the draft. */
function within(path: string, error: unknown): unknown {
  if (!(error instanceof GatehouseError) || error.faults.length === 0) return error;
  return fieldFaults(error.faults.map((fault) => ({ path: `${path}.${fault.path}`, message: fault.message })));
}
