import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { AuditSealer } from '../../../src/audit/chain/audit-sealer.js';
import { AuditVerifier } from '../../../src/audit/chain/audit-verifier.js';
import { OrphanedIntents } from '../../../src/audit/strict/orphaned-intents.js';
import { jsonHash } from '../../../src/common/json-hash.js';
import { StatementKeys } from '../../../src/signing/statement-keys.js';
import { WriteLogReader } from '../../../src/write-log/write-log-reader.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

describe.each(availableBackends())('AUDIT_MODE=strict on $name', (backend) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;
  let key: string;
  let serverId: string;

  const part = <T>(type: abstract new (...args: never[]) => T): T => gateway.app.get<T>(type, { strict: false });

  beforeAll(async () => {
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend, { config: { role: 'gateway', auditMode: 'strict' } });
    serverId = await registerServer(gateway, { alias: 'up', url: upstream.url });
    key = await makeKey(gateway, { mcp_servers: ['up'] }, { key_alias: 'strict' });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function call(name: string, args: object, signal?: AbortSignal): Promise<HttpAnswer> {
    const headers = { authorization: `Bearer ${key}` };
    const body = { server_id: serverId, name, arguments: args };
    return http(`${gateway.url}/mcp-rest/tools/call`, {
      ...{ method: 'POST', headers, body },
      ...(signal !== undefined && { signal }),
    });
  }

  it('has stored a call when the upstream gets it, and before its record', async () => {
    const client = new AbortController();
    const answer = call('slow', { seconds: 1 }, client.signal).catch(() => undefined);
    while (upstream.callCount === 0) await pause(10);
    expect(await part(DataSource).query('SELECT tool, key_alias, arguments_hash FROM audit_intents')).toEqual([
      { tool: 'slow', key_alias: 'strict', arguments_hash: jsonHash({ seconds: 1 }) },
    ]);
    expect(await gateway.sql(`SELECT FROM audit_records WHERE tool = 'slow'`)).toEqual([]);
    client.abort();
    await answer;
    while ((await gateway.sql(`SELECT FROM audit_records WHERE tool = 'slow'`)).length === 0) await pause(10);
    await part(OrphanedIntents).settle();
    expect(await gateway.sql('SELECT FROM audit_intents')).toEqual([]);
  });

  it('sends nothing that it cannot store', async () => {
    const before = upstream.callCount;
    await gateway.sql('ALTER TABLE audit_intents RENAME TO audit_intents_away');
    const answer = await call('echo', { text: 'lost' });
    await gateway.sql('ALTER TABLE audit_intents_away RENAME TO audit_intents');
    expect(upstream.callCount).toBe(before);
    expect(answer).toMatchObject({ status: 503, json: { code: 'dependency_unavailable' } });
    const records = await gateway.sql(`SELECT outcome, code, sent FROM audit_records WHERE tool = 'echo'`);
    expect(records).toEqual([{ outcome: 'failed', code: 'dependency_unavailable', sent: 'no' }]);
    expect((await call('echo', { text: 'again' })).status).toBe(200);
    expect(upstream.callCount).toBe(before + 1);
  });

  it('records the calls of a process that died, once, and the chains stay whole', async () => {
    await gateway.sql(
      `INSERT INTO audit_intents (id, process, at, door, request_id, principal_id, server_id, server_name, tool,
         public_name, arguments_hash)
       VALUES ($1, $2, now(), 'rest', 'died', 'someone', $3, 'up', 'echo', 'up-echo', 'hash')`,
      [randomUUID(), randomUUID(), serverId],
    );
    await Promise.all([part(OrphanedIntents).settle(), part(OrphanedIntents).settle()]);
    expect(
      await gateway.sql(`SELECT principal_id, tool, outcome, sent FROM audit_records WHERE request_id = 'died'`),
    ).toEqual([{ principal_id: 'someone', tool: 'echo', outcome: 'failed', sent: 'unknown' }]);
    await part(AuditSealer).seal();
    const verifier = new AuditVerifier(part(DataSource), part(WriteLogReader), part(StatementKeys));
    expect((await verifier.verify(null)).findings).toEqual([]);
  });

  it('leaves the calls of living processes alone', async () => {
    const [living] = await gateway.sql<{ process: string }>('SELECT process FROM audit_processes');
    await gateway.sql(
      `INSERT INTO audit_intents (id, process, at, door, request_id, principal_id, server_id, server_name, tool,
         public_name, arguments_hash)
       VALUES ($1, $2, now(), 'rest', 'runs', 'someone', $3, 'up', 'echo', 'up-echo', 'hash')`,
      [randomUUID(), living?.process, serverId],
    );
    await part(OrphanedIntents).settle();
    expect(await gateway.sql(`SELECT request_id FROM audit_intents`)).toEqual([{ request_id: 'runs' }]);
  });
});
