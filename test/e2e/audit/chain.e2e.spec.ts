import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { getRepositoryToken } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { AuditRecordEntity } from '../../../src/audit/audit-record.entity.js';
import { rowText } from '../../../src/audit/audit-row.js';
import { AuditStore } from '../../../src/audit/audit-store.js';
import { AuditHeads } from '../../../src/audit/chain/audit-heads.js';
import { AuditRetention } from '../../../src/audit/chain/audit-retention.js';
import { AuditSealer } from '../../../src/audit/chain/audit-sealer.js';
import { AuditVerifier, type AuditVerification } from '../../../src/audit/chain/audit-verifier.js';
import { StatementKeys } from '../../../src/signing/statement-keys.js';
import { WriteLogReader } from '../../../src/write-log/write-log-reader.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { builtIn } from '../support/built-in.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TABLES = ['audit_records', 'write_records', 'audit_links', 'audit_heads'];
/** As somebody does who may do everything in the database. */
const asSuperuser = (sql: string): string => `BEGIN; SET LOCAL session_replication_role = 'replica'; ${sql}; COMMIT`;

/** The chain of the gateway's own process. */
const CALLS = `SELECT chain FROM audit_links WHERE chain <> 'writes' GROUP BY chain HAVING count(*) > 1`;
const LAST = `SELECT max(seq) FROM audit_links WHERE chain = (${CALLS})`;
type Tampering = readonly [what: string, sql: string, finding: RegExp];
const TAMPERING: readonly Tampering[] = [
  ['a changed call', `UPDATE audit_records SET outcome = 'refused' WHERE tool = 'add'`, /records or the link itself/],
  ['a changed caller', `UPDATE audit_records SET principal_id = 'x' WHERE tool = 'add'`, /records or the link itself/],
  ['a changed time', `UPDATE audit_records SET at = at + interval '1 ms' WHERE tool = 'add'`, /records or the link/],
  ['a removed call', `DELETE FROM audit_records WHERE tool = 'add'`, /1 records were removed/],
  [
    'a changed write',
    `UPDATE write_records SET actor = 'x' WHERE action = 'key.create'`,
    /chain writes: link \d+: one/,
  ],
  [
    'a removed write',
    `DELETE FROM write_records WHERE action = 'key.create'`,
    /chain writes: link \d+: 1 records were/,
  ],
  [
    'an added call',
    `INSERT INTO audit_records SELECT (r).* FROM (SELECT json_populate_record(r, json_build_object('id', '${randomUUID()}')) AS r FROM audit_records AS r WHERE tool = 'add') AS made`,
    /is in no link: it was added/,
  ],
  [
    'two calls that changed places',
    `UPDATE audit_links SET ids = ids[2:2] || ids[1:1] || ids[3:] WHERE chain <> 'writes' AND cardinality(ids) > 1`,
    /records or the link itself was changed/,
  ],
  [
    'two links that changed places',
    `UPDATE audit_links SET seq = 3 - seq + 1000 WHERE chain = (${CALLS}) AND seq < 3; UPDATE audit_links SET seq = seq - 1000 WHERE seq > 1000`,
    /does not follow link/,
  ],
  [
    'the last link removed with its records',
    `DELETE FROM audit_records WHERE id = ANY(SELECT unnest(ids) FROM audit_links WHERE chain = (${CALLS}) AND seq = (${LAST})); DELETE FROM audit_links WHERE chain = (${CALLS}) AND seq = (${LAST})`,
    /: links (\d+) to \1 were removed/,
  ],
  [
    'the first link removed with its records',
    `DELETE FROM audit_records WHERE id = ANY(SELECT unnest(ids) FROM audit_links WHERE chain = (${CALLS}) AND seq = 1); DELETE FROM audit_links WHERE chain = (${CALLS}) AND seq = 1`,
    /link 2 does not follow link 0/,
  ],
  [
    'a whole chain removed',
    `DELETE FROM audit_records; DELETE FROM audit_links WHERE chain <> 'writes'`,
    /: links 1 to \d+ were removed/,
  ],
  [
    'a link with another hash',
    `UPDATE audit_links SET hash = repeat('0', 64) WHERE chain = 'writes'`,
    /is not the one that was signed/,
  ],
  [
    'a head of another key',
    `UPDATE audit_heads SET statement = 'eyJhbGciOiJub25lIn0.e30.' WHERE seq = 1`,
    /head 1 is not signed/,
  ],
  ['a removed head', `DELETE FROM audit_heads WHERE seq = 1`, /head 2 does not follow the one before/],
  ['the last head removed', `DELETE FROM audit_heads WHERE seq = 2`, /head 2 is not the one that was expected/],
];

describe.each(availableBackends())('the chains of audit records on $name', (backend) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;
  let key: string;
  let serverId: string;
  let intact: AuditVerification;

  const part = <T>(type: abstract new (...args: never[]) => T): T => gateway.app.get<T>(type, { strict: false });
  const verify = (expected: AuditVerification['newestHead'] = null): Promise<AuditVerification> =>
    new AuditVerifier(part(DataSource), part(WriteLogReader), part(StatementKeys)).verify(expected);

  const repository = (): Repository<AuditRecordEntity> =>
    gateway.app.get<Repository<AuditRecordEntity>>(getRepositoryToken(AuditRecordEntity), { strict: false });

  /** Texts of records such as those of calls of `echo`. */
  async function made(count: number): Promise<string[]> {
    const row = await repository().findOneByOrFail({ tool: 'echo' });
    return Array.from({ length: count }, () => rowText({ ...row, id: randomUUID() }));
  }

  async function call(name: string, args: object): Promise<void> {
    const body = { server_id: serverId, name, arguments: args };
    const headers = { authorization: `Bearer ${key}` };
    await http(`${gateway.url}/mcp-rest/tools/call`, { method: 'POST', headers, body });
  }

  beforeAll(async () => {
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    // The jobs of this process would add heads between the steps of the tests.
    const guardrails = [builtIn('pii', 'pii', {}, { defaultOn: true })];
    gateway = await startTestGateway(backend, { config: { role: 'gateway', guardrails } });
    serverId = await registerServer(gateway, { alias: 'up', url: upstream.url });
    key = await makeKey(
      gateway,
      { mcp_servers: ['up'] },
      { key_alias: 'a "quoted" né\u0000alias'.replace('\u0000', '') },
    );
    await call('echo', { text: 'one' });
    await call('nowhere "\ud800" \u0000', {});
    await call('add', { a: 1, b: 2 });
    await gateway.sql('SELECT 1');
    await new AuditStore(repository()).insert(await made(3));
    await part(AuditSealer).seal();
    await call('echo', { text: 'two' });
    await http(`${gateway.url}/mcp-rest/tools/list`);
    await gateway.sql('SELECT 1');
    await registerServer(gateway, { alias: 'second', url: upstream.url });
    await part(AuditSealer).seal();
    for (const table of TABLES) await gateway.sql(`CREATE TABLE saved_${table} AS TABLE ${table}`);
    intact = await verify();
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  afterEach(async () => {
    const back = TABLES.map((table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM saved_${table}`);
    await gateway.sql(asSuperuser(back.join('; ')));
  });

  it('are whole after ordinary work', () => {
    const heads = { heads: 2, newestHead: { seq: 2, hash: expect.any(String) as unknown } };
    expect(intact).toMatchObject({ findings: [], records: 11, unchained: 0, ...heads });
  });

  it('say nothing new when nothing happened', async () => {
    await part(AuditSealer).seal();
    expect(await verify(intact.newestHead)).toEqual(intact);
  });

  it.each(TAMPERING)('show %s', async (_, sql, finding) => {
    await gateway.sql(asSuperuser(sql));
    const { findings } = await verify(intact.newestHead);
    expect(findings.join('\n')).toMatch(finding);
  });

  it.each(TABLES)('lie in tables that only grow: %s', async (table) => {
    const column = { audit_records: 'door', write_records: 'actor', audit_links: 'hash', audit_heads: 'statement' }[
      table
    ];
    const only = `rows of ${table} are never changed or removed`;
    await expect(gateway.sql(`UPDATE ${table} SET ${column} = 'x'`)).rejects.toThrow(only);
    await expect(gateway.sql(`DELETE FROM ${table}`)).rejects.toThrow(only);
    await expect(gateway.sql(`TRUNCATE ${table}`)).rejects.toThrow(only);
  });

  it('stay whole when several processes write at once, and when a batch is written again', async () => {
    const stores = [new AuditStore(repository()), new AuditStore(repository()), new AuditStore(repository())];
    const insert = async (store: AuditStore): Promise<void> => store.insert(await made(20));
    for (let round = 0; round < 5; round++) await Promise.all(stores.map(insert));
    const [batch, more] = [await made(10), await made(5)];
    await gateway.sql('ALTER TABLE audit_records RENAME TO audit_records_away');
    await expect(stores[0]!.insert(batch)).rejects.toThrow('audit_records');
    await gateway.sql('ALTER TABLE audit_records_away RENAME TO audit_records');
    await stores[0]!.insert([...batch, ...more]);
    await part(AuditSealer).seal();
    expect(await verify(intact.newestHead)).toMatchObject({ findings: [], records: intact.records + 315, heads: 3 });
  });

  it('stay whole when retention removes their beginnings', async () => {
    await new AuditRetention({ auditRetentionDays: 0 }, part(AuditHeads)).prune();
    expect(await verify(intact.newestHead)).toMatchObject({ findings: [], records: 0, links: 0, heads: 3 });
    await call('echo', { text: 'three' });
    await gateway.sql('SELECT 1');
    await part(AuditSealer).seal();
    expect(await verify(intact.newestHead)).toMatchObject({ findings: [], records: 1, links: 1, heads: 4 });
    await gateway.sql(asSuperuser('DELETE FROM audit_records; DELETE FROM audit_links'));
    expect((await verify()).findings.join('\n')).toMatch(/: links (\d+) to \1 were removed/);
  });

  it('keep everything without AUDIT_RETENTION_DAYS', async () => {
    await new AuditRetention({ auditRetentionDays: null }, part(AuditHeads)).prune();
    expect(await verify()).toEqual(intact);
  });
});
