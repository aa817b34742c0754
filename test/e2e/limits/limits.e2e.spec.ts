import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import type { Door, DoorAnswer, DoorCall } from '../doors/door.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const DOORS = [...MCP_DOORS, REST_DOOR];

describe.each(availableBackends())('limits of keys and teams on $name', (backend) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend);
    const mcp_info = { mcp_server_cost_info: { default_cost_per_query: 1 } };
    await registerServer(gateway, { alias: 'up', url: upstream.url, mcp_info });
    await registerServer(gateway, { alias: 'free', url: upstream.url });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  beforeEach(() => upstream.requests.clear());

  function keyWith(limits: Record<string, unknown>): Promise<string> {
    return makeKey(gateway, { mcp_servers: ['up', 'free'] }, limits);
  }

  function call(door: Door, key: string, more: Partial<DoorCall> = {}): Promise<DoorAnswer> {
    const base = { server: 'up', tool: 'echo', arguments: { text: 'a' }, requestId: randomUUID() };
    return door.call(gateway.url, { ...base, key, ...more });
  }

  /** So many calls over all doors in turn. */
  async function callEverywhere(key: string, calls: number, more: Partial<DoorCall> = {}): Promise<DoorAnswer[]> {
    const answers: DoorAnswer[] = [];
    for (let index = 0; index < calls; index++) {
      answers.push(await call(DOORS[index % DOORS.length] ?? REST_DOOR, key, more));
    }
    return answers;
  }

  it('are one budget of calls over all doors', async () => {
    const key = await keyWith({ rpm_limit: 12 });
    const answers = await callEverywhere(key, 30);
    expect(answers.slice(0, 12).every(({ kind }) => kind === 'ok')).toBe(true);
    expect(answers.slice(12).every(({ code }) => code === 'rate_limited')).toBe(true);
    expect(upstream.requests.of('tools/call')).toHaveLength(12);
  });

  it('say when to come back', async () => {
    const key = await keyWith({ rpm_limit: 0 });
    const rest = await call(REST_DOOR, key);
    expect(rest).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(rest.raw.headers['retry-after'])).toBeGreaterThan(0);
    for (const door of MCP_DOORS) {
      const answer = await call(door, key);
      expect(answer).toMatchObject({ status: 200, kind: 'tool_error', code: 'rate_limited', sent: 'no' });
      expect(answer.raw.text).toMatch(/"retryAfter":\d+/);
    }
  });

  it('can be of one server', async () => {
    const key = await keyWith({ mcp_rpm_limit: { up: 2 } });
    expect((await callEverywhere(key, 4)).map(({ kind }) => kind === 'ok')).toEqual([true, true, false, false]);
    expect((await callEverywhere(key, 4, { server: 'free' })).every(({ kind }) => kind === 'ok')).toBe(true);
  });

  it('are not used up by calls that are not allowed', async () => {
    const key = await keyWith({ rpm_limit: 1 });
    expect((await callEverywhere(key, DOORS.length, { tool: 'nosuch' })).some(({ kind }) => kind === 'ok')).toBe(false);
    expect(await call(REST_DOOR, key)).toMatchObject({ kind: 'ok' });
  });

  it('end with a budget', async () => {
    const key = await keyWith({ max_budget: 3 });
    const answers = await callEverywhere(key, 6);
    expect(answers.map(({ code }) => code)).toEqual([null, null, null, ...Array(3).fill('budget_exceeded')]);
    expect(await call(REST_DOOR, key)).toMatchObject({ status: 429, code: 'budget_exceeded' });
    expect(upstream.requests.of('tools/call')).toHaveLength(3);
  });

  it('are shared by the keys of a team, and so are its argument rules', async () => {
    const argument_rules = [
      { tool: 'up-echo', when: "args.text != 'never'", effect: 'allow', message: 'Not in our team' },
    ];
    const object_permission = { mcp_servers: ['up', 'free'] };
    const body = { team_alias: 'limited', rpm_limit: 4, argument_rules, object_permission };
    const team = await gateway.admin('POST', '/team/new', body);
    const { team_id } = team.json as { team_id: string };
    const keys = [await keyWith({ team_id }), await keyWith({ team_id })];
    const refused = await call(REST_DOOR, keys[0] ?? '', { arguments: { text: 'never' } });
    expect(refused).toMatchObject({ status: 400, code: 'invalid_arguments', text: 'Not in our team' });
    const passed = await Promise.all(keys.flatMap((key) => DOORS.map((door) => call(door, key))));
    expect(passed.filter(({ kind }) => kind === 'ok')).toHaveLength(4);
  });

  it('leave the rules of a key to the key', async () => {
    const rule = { tool: 'echo', when: "args.text == 'secret'", effect: 'deny' };
    const key = await keyWith({ argument_rules: [rule] });
    for (const door of DOORS) {
      expect(await call(door, key, { arguments: { text: 'secret' } })).toMatchObject({ code: 'invalid_arguments' });
      expect(await call(door, key)).toMatchObject({ kind: 'ok' });
    }
  });
});
