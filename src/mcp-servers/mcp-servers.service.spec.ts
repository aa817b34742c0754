import { randomBytes } from 'node:crypto';
import { Global, Module, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/test-database.js';
import { AuthModule } from '../auth/auth.module.js';
import { GuardrailNames } from '../auth/guardrail-names.js';
import { ToolsetReferences } from '../auth/toolset-references.js';
import { GrantReach } from '../auth/grant-reach.js';
import { KeyDirectory } from '../auth/key-directory.js';
import { MASTER_PRINCIPAL } from '../auth/key-principal.js';
import { KeysService } from '../auth/keys.service.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import { DEFAULT_MANAGEMENT } from '../config/parse-management.js';
import { ConfigModule } from '../config/config.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { migrateLocked } from '../database/migrate.js';
import { EventsModule } from '../events/events.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { OutboundModule } from '../outbound/outbound.module.js';
import { DocumentCheck } from './document-check.js';
import { McpServersModule } from './mcp-servers.module.js';
import { McpServersService } from './mcp-servers.service.js';
import { ServerHealthStore } from './server-health.store.js';
import { ServerPages } from './server-pages.js';
import { ServerProbe } from './server-probe.js';
import { ServerRegistry } from './server-registry.js';
import { ServerVisibility } from './server-visibility.js';

const CANARY = 'canary-value';
const encryptionKeys = [{ kid: 'k1', key: new Secret<Buffer>(randomBytes(32)) }];

class NothingVisible extends ServerVisibility {
  visibleServerIds(): ReadonlySet<string> {
    return new Set();
  }
  clientAddress(): null {
    return null;
  }
}

class NoProbe extends ServerProbe {
  async check(): Promise<void> {}
}

/** Assignments are tested elsewhere: no key here is in a team, or made by anybody but an admin. */
class NoReach extends GrantReach {
  openServers(): ReadonlySet<string> {
    return new Set();
  }
  serversOf(): ReadonlySet<string> {
    return new Set();
  }
  visibleServers(): ReadonlySet<string> {
    return new Set();
  }
  namesOf(): ReadonlyMap<string, string> {
    return new Map();
  }
  toolsetsToGive(): ReadonlySet<string> {
    return new Set();
  }
  toolsetNames(): string[] {
    return [];
  }
  excess(): never {
    throw new Error('an admin is not compared');
  }
}

class NoGuardrails extends GuardrailNames {
  isLoaded(): boolean {
    return false;
  }
}

class NoToolsets extends ToolsetReferences {
  async resolve(): Promise<ReadonlyMap<string, string>> {
    return new Map();
  }
}

class NoDocuments extends DocumentCheck {
  check(): never {
    throw new Error('no server here has a document');
  }
}

@Global()
@Module({
  providers: [
    { provide: ServerVisibility, useClass: NothingVisible },
    { provide: ServerProbe, useClass: NoProbe },
    { provide: DocumentCheck, useClass: NoDocuments },
    { provide: GrantReach, useClass: NoReach },
    { provide: GuardrailNames, useClass: NoGuardrails },
    { provide: ToolsetReferences, useClass: NoToolsets },
  ],
  exports: [ServerVisibility, ServerProbe, DocumentCheck, GrantReach, GuardrailNames, ToolsetReferences],
})
class VisibilityModule {}

/** One replica of the rooms under test. */
async function startReplica(databaseUrl: string): Promise<INestApplicationContext> {
  const url = new Secret(databaseUrl);
  const config = {
    host: '127.0.0.1',
    port: 0,
    publicBaseUrl: null,
    redisUrl: null,
    masterKey: new Secret(`sk-${randomBytes(32).toString('base64url')}`),
    encryptionKeys,
    outboundAllow: [{ kind: 'cidr', cidr: '127.0.0.0/8' }],
    stdioCommands: [],
    jwtIssuers: [],
    mcpServers: [],
    unknownCustomers: 'allow',
    management: DEFAULT_MANAGEMENT,
    toolPrefixSeparator: '-',
  } as Partial<Config> as Config;
  const built = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      DatabaseModule.forRoot(url),
      EventsModule.forRoot(config, url),
      OutboundModule,
      LimitsModule,
      VisibilityModule,
      AuthModule,
      McpServersModule,
    ],
  }).compile();
  return built.init();
}

function settings(name: string): { server_name: string; url: string } {
  return { server_name: name, url: `http://127.0.0.1:9/${name}` };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof GatehouseError ? error.code : String(error)),
  );
}

/** Waits for what another replica learns by an event; the poll of the version is the last resort. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the other replica did not learn of the change');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('servers and grants on two replicas', () => {
  let database: TestDatabase;
  let here: INestApplicationContext;
  let there: INestApplicationContext;

  beforeAll(async () => {
    const server = process.env['GATEHOUSE_TEST_EMBEDDED_URL'] ?? process.env['GATEHOUSE_TEST_POSTGRES_URL'];
    if (server === undefined) throw new Error('the global set-up did not start a PostgreSQL');
    database = await createTestDatabase(server);
    await migrateLocked(new Secret(database.url));
    here = await startReplica(database.url);
    there = await startReplica(database.url);
  });
  afterAll(async () => {
    await here?.close();
    await there?.close();
    await database?.drop();
  });

  const servers = (replica = here): McpServersService => replica.get(McpServersService, { strict: false });
  const pages = (): ServerPages => here.get(ServerPages, { strict: false });
  const keys = (replica = here): KeysService => replica.get(KeysService, { strict: false });
  const registry = (replica = here): ServerRegistry => replica.get(ServerRegistry, { strict: false });
  const directory = (replica = here): KeyDirectory => replica.get(KeyDirectory, { strict: false });

  it('has a write in the registry when it returns, and soon on the other replica', async () => {
    const { server_id: id } = await servers().create(null, settings('first'), MASTER_PRINCIPAL);
    expect(registry().current.byId.get(id)?.name).toBe('first');
    await until(() => registry(there).current.byId.has(id));
    await servers().update(id, { description: 'changed' }, MASTER_PRINCIPAL);
    expect(registry().current.byId.get(id)?.description).toBe('changed');
    await until(() => registry(there).current.byId.get(id)?.description === 'changed');
  });

  it('keeps the objects of servers that did not change', async () => {
    const { server_id: id } = await servers().create(null, settings('stable'), MASTER_PRINCIPAL);
    const before = registry().current.byId.get(id);
    await servers().create(null, settings('another'), MASTER_PRINCIPAL);
    await here.get(ServerHealthStore, { strict: false }).save(id, { status: 'healthy', error: null });
    expect(registry().current.byId.get(id)).toBe(before);
    expect((await servers().find(id))?.health_status).toBe('healthy');
  });

  it('tells listeners which servers changed', async () => {
    const changes: string[] = [];
    registry().onChange((ids) => changes.push(...ids));
    const { server_id: id } = await servers().create(null, settings('told'), MASTER_PRINCIPAL);
    await servers().delete(id, MASTER_PRINCIPAL);
    expect(changes).toEqual([id, id]);
  });

  it('stores no secret in clear', async () => {
    const secret = { auth_type: 'bearer_token' as const, credentials: { auth_value: CANARY } };
    const url = `http://127.0.0.1:9/${CANARY}`;
    const sent = { ...settings('secret'), ...secret, url, static_headers: { 'x-secret': CANARY } };
    const { server_id: id } = await servers().create(null, sent, MASTER_PRINCIPAL);
    const stored: unknown = await here.get(DataSource).query('select * from mcp_servers where server_id = $1', [id]);
    expect(JSON.stringify(stored)).not.toContain(CANARY);
    expect(registry().current.byId.get(id)?.credentials?.reveal()).toEqual({ auth_value: CANARY });
  });

  it('lets one of many equal names win, whichever replica they come from', async () => {
    const attempts = Array.from({ length: 8 }, (_, index) => {
      const name = ['race', 'RACE', 'race_', '.race'][index % 4] ?? '';
      return codeOf(servers(index % 2 === 0 ? here : there).create(null, settings(name), MASTER_PRINCIPAL));
    });
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === 'done')).toHaveLength(1);
    expect(codes.filter((code) => code === 'conflict')).toHaveLength(7);
  });

  it('refuses an id that is taken, and leaves its server as it is', async () => {
    const { server_id: id } = await servers().create(null, settings('taken'), MASTER_PRINCIPAL);
    expect(await codeOf(servers().create(id, settings('thief'), MASTER_PRINCIPAL))).toBe('conflict');
    expect((await servers().find(id))?.server_name).toBe('taken');
  });

  it('takes a deleted server out of every grant; a later one with its id starts with none', async () => {
    const { server_id: id } = await servers().create('reborn_id', settings('mortal'), MASTER_PRINCIPAL);
    const grants = { mcp_servers: ['MORTAL'], mcp_tool_permissions: { mortal: ['echo'], first: ['echo'] } };
    const { record } = await keys().generate({ object_permission: grants }, MASTER_PRINCIPAL);
    const { record: other } = await keys().generate(
      { object_permission: { mcp_servers: ['first'] } },
      MASTER_PRINCIPAL,
    );
    expect(record.object_permission?.mcp_servers).toEqual([id]);
    expect(record.permission_closed).toBe(false);
    const untouched = directory().find(other.token);

    await servers().delete(id, MASTER_PRINCIPAL);
    await servers().create(id, settings('mortal'), MASTER_PRINCIPAL);

    const level = directory().find(record.token)?.level;
    expect(level?.closed).toBe(true);
    expect(level?.objectPermission?.mcp_servers).toEqual([]);
    expect(Object.keys(level?.objectPermission?.mcp_tool_permissions ?? {})).not.toContain(id);
    expect(Object.keys(level?.objectPermission?.mcp_tool_permissions ?? {})).toHaveLength(1);
    expect(directory().find(other.token)).toBe(untouched);
    await until(() => directory(there).find(record.token)?.level?.closed === true);
  });

  it('never leaves a grant behind when a server is deleted while keys are made', async () => {
    const { server_id: id } = await servers().create(null, settings('contested'), MASTER_PRINCIPAL);
    const granting = { object_permission: { mcp_servers: ['contested'] } };
    const made = Array.from({ length: 6 }, (_, index) =>
      keys(index % 2 === 0 ? here : there).generate(granting, MASTER_PRINCIPAL),
    );
    const [records] = await Promise.all([Promise.all(made), servers(there).delete(id, MASTER_PRINCIPAL)]);
    for (const { record } of records) {
      const { object_permission: kept, permission_closed: closed } = await keys().info(record.token, MASTER_PRINCIPAL);
      expect({ servers: kept?.mcp_servers, closed }).toEqual({ servers: [], closed: true });
    }
  });

  it('makes a new record for every change of a key, and forgets a deleted one', async () => {
    const { record } = await keys().generate({ key_alias: 'changing' }, MASTER_PRINCIPAL);
    const first = directory().find(record.token);
    await keys().setBlocked(record.token, true, MASTER_PRINCIPAL);
    expect(directory().find(record.token)).toMatchObject({ blocked: true });
    expect(directory().find(record.token)).not.toBe(first);
    expect(await codeOf(keys().generate({ key_alias: 'changing' }, MASTER_PRINCIPAL))).toBe('conflict');
    expect(await codeOf(keys().delete([record.token, 'f'.repeat(64)], MASTER_PRINCIPAL))).toBe('not_found');
    expect(directory().find(record.token)?.alias).toBe('changing');
    await keys().delete([record.token], MASTER_PRINCIPAL);
    expect(directory().find(record.token)).toBeUndefined();
    await until(() => directory(there).find(record.token) === undefined);
  });

  it('pages through servers in order of creation', async () => {
    const first = await pages().page('all', 2, null, {});
    const second = await pages().page('all', 2, first.next, {});
    const all = await pages().page('all', 500, null, {});
    expect(all.next).toBeNull();
    const ids = [...first.items, ...second.items].map((server) => server.server_id);
    expect(ids).toEqual(all.items.slice(0, 4).map((server) => server.server_id));
  });

  it('lists what a server is now, however often it was listed before', async () => {
    const { server_id: id } = await servers().create(null, settings('listed'), MASTER_PRINCIPAL);
    const listed = async (): Promise<unknown> =>
      (await pages().page('all', 500, null, {})).items.find((server) => server.server_id === id);
    expect(await listed()).toMatchObject({ description: null, health_status: 'unknown' });
    await servers().update(id, { description: 'new' }, MASTER_PRINCIPAL);
    await here.get(ServerHealthStore, { strict: false }).save(id, { status: 'healthy', error: null });
    expect(await listed()).toMatchObject({ description: 'new', health_status: 'healthy' });
    await servers().delete(id, MASTER_PRINCIPAL);
    expect(await listed()).toBeUndefined();
  });
});
