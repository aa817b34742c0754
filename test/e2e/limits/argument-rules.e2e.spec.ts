import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type PreCallChange, type PreMcpCall, type ToolCallView } from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { DoorAnswer, DoorCall } from '../doors/door.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DOORS = [...MCP_DOORS, REST_DOOR];

/** Writes another text into the arguments, after the guard has seen the caller's. */
@McpHook({ name: 'rewriting' })
class RewritingHook implements PreMcpCall {
  preMcpCall(call: ToolCallView): PreCallChange | void {
    const { rewriteTo } = call.arguments;
    if (typeof rewriteTo === 'string') return { arguments: { text: rewriteTo } };
  }
}

const RULES = [
  { tool: 'echo', when: "args.text.matches('(?i)drop\\\\s+table')", effect: 'deny', message: 'No tables are dropped' },
  { tool: 'UP-echo', when: 'size(args.text) < 40', effect: 'allow' },
  { tool: 'add', when: 'args.a > 0 && args.b > 0', effect: 'allow', message: null },
  { tool: '*', when: "principal.key_alias == 'no-tools'", effect: 'deny', message: 'This key calls nothing' },
];

interface World {
  readonly gateway: TestGateway;
  readonly upstream: RecordingHttpUpstream;
  readonly server: string;
  readonly key: string;
  readonly keyWithoutTools: string;
}

interface AuditRow {
  outcome: string;
  code: string | null;
  sent: string;
}

describe.each(availableBackends())('argument rules of a server on $name', (backend) => {
  let world: World;

  beforeAll(async () => {
    const upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const gateway = await startTestGateway(backend, { hooks: [RewritingHook] });
    const server = await registerServer(gateway, { alias: 'up', url: upstream.url, argument_rules: RULES });
    world = {
      gateway,
      upstream,
      server,
      key: await makeKey(gateway, { mcp_servers: ['up'] }),
      keyWithoutTools: await makeKey(gateway, { mcp_servers: ['up'] }, { key_alias: 'no-tools' }),
    };
  });

  afterAll(async () => {
    await world.gateway.close();
    await world.upstream.close();
  });

  beforeEach(() => world.upstream.requests.clear());

  it('are shown to an admin as they were sent', async () => {
    const answer = await world.gateway.admin('GET', `/v1/mcp/server/${world.server}`);
    expect(answer.json).toMatchObject({
      argument_rules: [RULES[0], { ...RULES[1], message: null }, RULES[2], RULES[3]],
    });
  });

  it.each([
    [{ tool: 'echo', when: 'args.', effect: 'deny' }, 'argument_rules.0.when', 'is not a valid condition'],
    [{ tool: 'echo', when: 'size(args.text)', effect: 'deny' }, 'argument_rules.0.when', 'true or false'],
    [{ tool: 'echo', when: 7, effect: 'deny' }, 'argument_rules.0.when', 'condition'],
    [{ tool: '', when: 'true', effect: 'deny' }, 'argument_rules.0.tool', 'longer'],
    [{ tool: 'echo', when: 'true', effect: 'maybe' }, 'argument_rules.0.effect', 'allow, deny'],
    ['true', 'argument_rules', 'each an object'],
    [[{ tool: 'echo', when: 'true', effect: 'deny' }], 'argument_rules', 'each an object'],
  ])('are refused with the field that is wrong: %j', async (rule, path, message) => {
    const body = { server_id: world.server, argument_rules: [rule] };
    const answer = await world.gateway.admin('PUT', '/v1/mcp/server', body);
    expect(answer).toMatchObject({
      status: 400,
      json: { errors: [{ path, message: expect.stringContaining(message) }] },
    });
  });

  it('take effect with the answer of the update', async () => {
    const { gateway, upstream } = world;
    const alias = `changing${randomUUID().slice(0, 8)}`;
    const id = await registerServer(gateway, { alias, url: upstream.url });
    const key = await makeKey(gateway, { mcp_servers: [alias] });
    const call = { key, server: alias, tool: 'echo', arguments: { text: 'a' } };
    const attempt = (): Promise<DoorAnswer> => REST_DOOR.call(gateway.url, { ...call, requestId: randomUUID() });
    const rules = [{ tool: 'echo', when: "args.text != 'a'", effect: 'allow' }];
    expect(await attempt()).toMatchObject({ status: 200 });
    await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, argument_rules: rules });
    expect(await attempt()).toMatchObject({ status: 400, code: 'invalid_arguments' });
    await gateway.admin('PUT', '/v1/mcp/server', { server_id: id, argument_rules: null });
    expect(await attempt()).toMatchObject({ status: 200 });
  });

  describe.each(DOORS)('at $name', (door) => {
    async function callWith(call: Partial<DoorCall>): Promise<{ answer: DoorAnswer; audit: AuditRow[] }> {
      const { gateway, key } = world;
      const requestId = randomUUID();
      const base = { key, server: 'up', tool: 'echo', arguments: {}, requestId };
      const answer = await door.call(gateway.url, { ...base, ...call });
      const audit = await gateway.sql<AuditRow>('SELECT outcome, code, sent FROM audit_records WHERE request_id = $1', [
        requestId,
      ]);
      return { answer, audit };
    }

    async function expectRefusal(call: Partial<DoorCall>, message: string): Promise<void> {
      const { answer, audit } = await callWith(call);
      expect(answer).toMatchObject({ code: 'invalid_arguments', text: message });
      if (door === REST_DOOR) expect(answer.status).toBe(400);
      else expect(answer).toMatchObject({ status: 200, kind: 'tool_error', sent: 'no' });
      expect(audit).toEqual([{ outcome: 'refused', code: 'invalid_arguments', sent: 'no' }]);
      expect(world.upstream.requests.of('tools/call')).toHaveLength(0);
    }

    it('let a call pass that all of them agree to', async () => {
      const { answer } = await callWith({ arguments: { text: 'table' } });
      expect(answer).toMatchObject({ status: 200, kind: 'ok', text: 'table' });
      expect(world.upstream.requests.of('tools/call')).toHaveLength(1);
    });

    it('refuse what one denies, with its message', () =>
      expectRefusal({ arguments: { text: 'DROP  Table users' } }, 'No tables are dropped'));

    it('refuse what one does not allow', () =>
      expectRefusal({ arguments: { text: 'x'.repeat(40) } }, 'The arguments are not allowed by a rule'));

    it('refuse what one cannot evaluate', () =>
      expectRefusal({ tool: 'add', arguments: { a: 1 } }, 'The arguments are not allowed by a rule'));

    it('refuse what is true of the caller', () =>
      expectRefusal({ key: world.keyWithoutTools, tool: 'add', arguments: { a: 1, b: 2 } }, 'This key calls nothing'));

    it('look at the arguments that a hook wrote', () =>
      expectRefusal({ arguments: { text: 'fine', rewriteTo: 'drop table users' } }, 'No tables are dropped'));

    it('look at what the caller sent as well', () =>
      expectRefusal({ arguments: { text: 'drop table users', rewriteTo: 'fine' } }, 'No tables are dropped'));
  });
});
