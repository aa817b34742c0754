import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SCRIPTED_HOOKS } from './scripted-hooks.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import type { Door, DoorAnswer, DoorCall } from './door.js';
import { doorsAt, MCP_DOORS, SEARCH_DOORS } from './mcp-doors.js';
import { REST_DOOR } from './rest-door.js';
import { SSE_DOOR } from './sse-door.js';

const TOOLSET_DOORS = doorsAt('/toolset/everything/mcp');
const DOORS: readonly Door[] = [...MCP_DOORS, ...SEARCH_DOORS, SSE_DOOR, REST_DOOR, ...TOOLSET_DOORS];

interface Keys {
  readonly granted: string;
  readonly nothing: string;
  readonly otherTool: string;
}

interface World {
  readonly gateway: TestGateway;
  readonly upstream: RecordingHttpUpstream;
  readonly keys: Keys;
  /** The same rights, held by way of a toolset. */
  readonly toolsetKeys: Keys;
}

interface Row {
  readonly situation: string;
  readonly call: (keys: Keys) => Partial<DoorCall>;
  /** How often the tool must have run at the upstream. `as sent says`: as the audit record claims. */
  readonly runs: 0 | 1 | 'as sent says';
  /** Arguments that the upstream must have received, when it ran. */
  readonly received?: unknown;
  readonly audit: { readonly outcome: string; readonly code: string | null; readonly sent: string };
  check(answer: DoorAnswer, door: Door): void;
}

const TEXT = 'bytes that must arrive: "quotes", ünïcode, \u2028 and \\ backslash';

function expectUnauthenticated(answer: DoorAnswer): void {
  expect(answer.status).toBe(401);
  expect(String(answer.raw.headers['www-authenticate'])).toMatch(/^Bearer .*resource_metadata="http/);
}

/** On a door of one server a server that is not granted is a forbidden scope; on an aggregate its tools do not exist. */
function expectUnknownToTheCaller(answer: DoorAnswer, door: Door): void {
  if (door.scoped) expect(answer.status).toBe(403);
  else expect(answer).toMatchObject({ status: 200, rpcCode: -32602, text: 'Unknown tool: up-echo' });
}

function expectUnknownTool(answer: DoorAnswer, door: Door): void {
  if (door === REST_DOOR) expect(answer).toMatchObject({ status: 403, code: 'unknown_tool' });
  else expect(answer).toMatchObject({ status: 200, rpcCode: -32602 });
  expect(answer.raw.text).toMatch(/Unknown tool: (up-)?echo/);
}

/** @param sent null: the audit record tells */
function expectFailure(code: string, sent: string | null, restStatus: number) {
  return (answer: DoorAnswer, door: Door): void => {
    expect(answer.code).toBe(code);
    if (door === REST_DOOR) expect(answer.status).toBe(restStatus);
    else expect(answer).toMatchObject({ status: 200, kind: 'tool_error', sent: sent ?? expect.any(String) });
    expect(answer.raw.text).not.toContain('hunter2');
  };
}

/** Also withheld: what the upstream answered. */
function expectWithheld(code: string, sent: string | null, restStatus: number) {
  const expectRefusal = expectFailure(code, sent, restStatus);
  return (answer: DoorAnswer, door: Door): void => {
    expectRefusal(answer, door);
    expect(answer.raw.text).not.toContain('bytes that must arrive');
  };
}

const DENIED = { outcome: 'blocked', code: 'guardrail_denied' };
const BROKEN = { outcome: 'failed', code: 'guardrail_unavailable' };

function duringRow(does: 'blocks' | 'throws' | 'hangs'): Row {
  const isDenial = does === 'blocks';
  return {
    situation: `during hook ${does}`,
    call: () => ({ arguments: { text: TEXT, during: does } }),
    runs: 'as sent says',
    // One that decides at once can be there before the first byte has left.
    audit: { ...(isDenial ? DENIED : BROKEN), sent: does === 'hangs' ? 'yes' : 'yes|no' },
    check: isDenial
      ? expectWithheld('guardrail_denied', null, 400)
      : expectWithheld('guardrail_unavailable', null, 503),
  };
}

function guardRow(does: 'refuses' | 'throws'): Row {
  const isDenial = does === 'refuses';
  return {
    situation: `guard ${does}`,
    call: () => ({ arguments: { text: TEXT, guard: does } }),
    runs: 0,
    audit: { ...(isDenial ? DENIED : BROKEN), sent: 'no' },
    check: isDenial ? expectFailure('guardrail_denied', 'no', 400) : expectFailure('guardrail_unavailable', 'no', 503),
  };
}

const ROWS: readonly Row[] = [
  {
    situation: 'no credential',
    call: () => ({ key: null }),
    runs: 0,
    audit: { outcome: 'refused', code: 'unauthenticated', sent: 'no' },
    check: expectUnauthenticated,
  },
  {
    situation: 'wrong key',
    call: () => ({ key: `sk-${'0'.repeat(43)}` }),
    runs: 0,
    audit: { outcome: 'refused', code: 'unauthenticated', sent: 'no' },
    check: (answer) => {
      expectUnauthenticated(answer);
      expect(String(answer.raw.headers['www-authenticate'])).toContain('error="invalid_token"');
    },
  },
  {
    situation: 'no grant',
    call: (keys) => ({ key: keys.nothing }),
    runs: 0,
    audit: { outcome: 'refused', code: 'forbidden_scope|unknown_tool', sent: 'no' },
    check: expectUnknownToTheCaller,
  },
  {
    situation: 'tool not granted',
    call: (keys) => ({ key: keys.otherTool }),
    runs: 0,
    audit: { outcome: 'refused', code: 'unknown_tool', sent: 'no' },
    check: expectUnknownTool,
  },
  {
    situation: 'hook blocks',
    call: () => ({ arguments: { text: TEXT, hook: 'blocks' } }),
    runs: 0,
    audit: { outcome: 'blocked', code: 'guardrail_denied', sent: 'no' },
    check: (answer, door) => {
      expectFailure('guardrail_denied', 'no', 400)(answer, door);
      expect(answer.text).toBe('deleting is not allowed');
    },
  },
  {
    situation: 'hook changes arguments',
    call: () => ({ arguments: { text: TEXT, hook: 'changes' } }),
    runs: 1,
    received: { text: 'changed by the hook' },
    audit: { outcome: 'ok', code: null, sent: 'yes' },
    check: (answer) => expect(answer).toMatchObject({ status: 200, kind: 'ok', text: 'changed by the hook' }),
  },
  {
    situation: 'hook throws',
    call: () => ({ arguments: { text: TEXT, hook: 'throws' } }),
    runs: 0,
    audit: { outcome: 'failed', code: 'guardrail_unavailable', sent: 'no' },
    check: expectFailure('guardrail_unavailable', 'no', 503),
  },
  {
    situation: 'hook hangs',
    call: () => ({ arguments: { text: TEXT, hook: 'hangs' } }),
    runs: 0,
    audit: { outcome: 'failed', code: 'guardrail_unavailable', sent: 'no' },
    check: expectFailure('guardrail_unavailable', 'no', 503),
  },
  ...(['blocks', 'throws', 'hangs'] as const).map(duringRow),
  {
    situation: 'post hook blocks',
    call: () => ({ arguments: { text: TEXT, post: 'blocks' } }),
    runs: 1,
    received: { text: TEXT },
    audit: { outcome: 'blocked', code: 'guardrail_denied', sent: 'yes' },
    check: expectWithheld('guardrail_denied', 'yes', 400),
  },
  {
    situation: 'a list hook hides the tool, and its pre hook refuses it',
    call: () => ({ tool: 'add', arguments: { a: 1, b: 2 } }),
    runs: 0,
    audit: { outcome: 'blocked', code: 'guardrail_denied', sent: 'no' },
    check: expectFailure('guardrail_denied', 'no', 400),
  },
  ...(['refuses', 'throws'] as const).map(guardRow),
  {
    situation: 'interceptor throws before the call',
    call: () => ({ arguments: { text: TEXT, interceptor: 'throws' } }),
    runs: 0,
    audit: { outcome: 'failed', code: 'guardrail_unavailable', sent: 'no' },
    check: expectFailure('guardrail_unavailable', 'no', 503),
  },
  {
    situation: 'interceptor throws after the call',
    call: () => ({ arguments: { text: TEXT, interceptor: 'throws after' } }),
    runs: 1,
    received: { text: TEXT },
    audit: { outcome: 'failed', code: 'guardrail_unavailable', sent: 'yes' },
    check: expectWithheld('guardrail_unavailable', 'yes', 503),
  },
  {
    situation: 'upstream fails',
    call: () => ({ tool: 'crash', arguments: { text: TEXT } }),
    runs: 1,
    received: { text: TEXT },
    audit: { outcome: 'failed', code: 'upstream_unavailable', sent: 'unknown|yes' },
    check: (answer, door) => {
      expect(answer.code).toBe('upstream_unavailable');
      expect(answer.status).toBe(door === REST_DOOR ? 502 : 200);
    },
  },
  {
    situation: 'success',
    call: () => ({ arguments: { text: TEXT } }),
    runs: 1,
    received: { text: TEXT },
    audit: { outcome: 'ok', code: null, sent: 'yes' },
    check: (answer) => expect(answer).toMatchObject({ status: 200, kind: 'ok', text: TEXT }),
  },
];

const ERAS = ['2025', '2026'] as const;

describe.each(availableBackends())('every door on $name', (backend) => {
  describe.each(ERAS)('in front of a %s upstream', (era) => {
    let world: World;

    beforeAll(async () => {
      const upstream = await RecordingHttpUpstream.start({ era });
      const gateway = await startTestGateway(backend, { hooks: SCRIPTED_HOOKS });
      const server = await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url });
      const nothing = await makeKey(gateway, {});
      const keys = {
        granted: await makeKey(gateway, { mcp_servers: ['up'] }),
        nothing,
        otherTool: await makeKey(gateway, { mcp_tool_permissions: { [server]: ['add'] } }),
      };
      world = { gateway, upstream, keys, toolsetKeys: { ...(await keysOfToolset(gateway, server)), nothing } };
    });

    afterAll(async () => {
      await world.gateway.close();
      await world.upstream.close();
    });

    beforeEach(() => world.upstream.requests.clear());

    describe.each(DOORS)('$name', (door) => {
      it.each(ROWS)('$situation', async (row) => {
        const { gateway, upstream } = world;
        const keys = keysFor(door, world);
        const requestId = randomUUID();
        const base = { key: keys.granted, server: 'up', tool: 'echo', arguments: { text: TEXT }, requestId };
        const answer = await door.call(gateway.url, { ...base, ...row.call(keys) });

        const calls = upstream.requests.of('tools/call');
        if (row.runs !== 'as sent says') expect(calls).toHaveLength(row.runs);
        if (row.runs === 1) expect(calls[0]?.rpc).toMatchObject({ params: { arguments: row.received } });
        expect(JSON.stringify(upstream.requests.all)).not.toContain(keys.granted);
        row.check(answer, door);
        const sent = await expectOneAuditRecord(gateway, requestId, row);
        if (row.runs !== 'as sent says') return;
        // What was cancelled on its way may not have arrived; what never left must not have.
        if (sent === 'no') expect(calls).toHaveLength(0);
        expect(calls.length).toBeLessThanOrEqual(1);
        if (door !== REST_DOOR) expect(answer.sent).toBe(sent);
      });

      it('sends the header that a hook adds', async () => {
        const { gateway, upstream } = world;
        await door.call(gateway.url, {
          key: keysFor(door, world).granted,
          server: 'up',
          tool: 'echo',
          arguments: { hook: 'changes' },
          requestId: randomUUID(),
        });
        expect(upstream.requests.of('tools/call')[0]?.headers['x-approved-by']).toBe('scripted');
      });
    });
  });
});

function keysFor(door: Door, { keys, toolsetKeys }: World): Keys {
  return TOOLSET_DOORS.includes(door) ? toolsetKeys : keys;
}

/** Makes the toolset `everything`, and keys that hold it. */
async function keysOfToolset(gateway: TestGateway, server: string): Promise<Omit<Keys, 'nothing'>> {
  const tools = ['echo', 'add', 'crash'].map((tool) => ({ server_id: server, tool_name: tool }));
  const made = await gateway.admin('POST', '/v1/mcp/toolset', { toolset_name: 'everything', tools });
  if (made.status !== 201) throw new Error(`making the toolset failed with ${made.status}: ${made.text}`);
  return {
    granted: await makeKey(gateway, { mcp_toolsets: ['everything'] }),
    otherTool: await makeKey(gateway, { mcp_toolsets: ['everything'], blocked_tools: ['echo'] }),
  };
}

interface AuditRow {
  outcome: string;
  code: string | null;
  sent: string;
}

/** Returns its `sent`. */
async function expectOneAuditRecord(gateway: TestGateway, requestId: string, { audit }: Row) {
  const records = await gateway.sql<AuditRow>('SELECT outcome, code, sent FROM audit_records WHERE request_id = $1', [
    requestId,
  ]);
  expect(records).toHaveLength(1);
  const [record] = records;
  expect(record?.outcome).toBe(audit.outcome);
  expect(audit.code === null ? [null] : audit.code.split('|')).toContain(record?.code ?? null);
  expect(audit.sent.split('|')).toContain(record?.sent);
  return record?.sent;
}
