import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExplanationView } from '../../../src/explain/explain.views.js';
import { KeyWorld } from '../identities/key-world.js';
import { manage } from '../support/identities.js';
import type { HttpAnswer } from '../support/http.js';

const PATH = '/v1/mcp/permissions/explain';

/** What a refusal says, but for the id of the request. */
function appearance({ status, json }: HttpAnswer): unknown {
  return { status, json: { ...(json as object), requestId: null } };
}

describe('POST /v1/mcp/permissions/explain', () => {
  let world: KeyWorld;

  beforeAll(async () => {
    world = await KeyWorld.start();
  });
  afterAll(() => world.close());

  const explain = (body: object): Promise<ExplanationView> => manage<ExplanationView>(world.gateway, PATH, body);

  async function ask(key: string, body: object): Promise<ExplanationView> {
    const answer = await world.as(key, PATH, body);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
    return answer.json as ExplanationView;
  }

  const denials = ({ rules }: ExplanationView): string[] =>
    rules.filter(({ effect }) => effect === 'deny').map(({ level }) => level);

  it('allows what the key may call, and lists exactly that', async () => {
    const answer = await explain({ key: world.keys.narrow, server_id: 'alpha', tool_name: 'echo' });
    expect(answer).toMatchObject({ decision: 'allow', code: null, tools: { [world.servers.alpha]: ['echo'] } });
    expect(answer.servers).toEqual([{ server_id: world.servers.alpha, alias: 'alpha', server_name: null }]);
    expect(denials(answer)).toEqual([]);
    expect(answer.rules).toContainEqual({
      level: 'team',
      id: 'a',
      effect: 'allow',
      detail: 'The team has the server alpha.',
    });
  });

  it('names the level that a tool is missing from, by server and by public name', async () => {
    for (const question of [{ server_id: 'alpha', tool_name: 'add' }, { tool_name: 'alpha-add' }]) {
      const answer = await explain({ key: world.keys.narrow, ...question });
      expect(answer).toMatchObject({ decision: 'deny', code: 'unknown_tool' });
      expect(denials(answer)).toEqual(['key']);
    }
  });

  it('names every level that denies a tool', async () => {
    const answer = await explain({ key: world.keys.narrow, server_id: 'alpha', tool_name: 'fail' });
    expect(answer.rules.map(({ effect, detail }) => `${effect}: ${detail}`)).toEqual(
      expect.arrayContaining([
        'deny: The blocked_tools of the key deny fail.',
        'deny: The key is limited to some tools of the server, and fail is not one of them.',
      ]),
    );
  });

  it('refuses a server that the team does not have, and says so', async () => {
    const answer = await explain({ key: world.keys.narrow, server_id: 'beta' });
    expect(answer).toMatchObject({ decision: 'deny', code: 'forbidden_scope', servers: [], tools: {} });
    expect(denials(answer)).toEqual(['key', 'team', 'request']);
  });

  it('tells a server that is not in the scope of the path from one that is not granted', async () => {
    const answer = await explain({ key: world.keys.narrow, server_id: 'pub', path: '/mcp/alpha' });
    expect(answer).toMatchObject({ decision: 'deny', code: 'forbidden_scope' });
    expect(denials(answer)).toEqual(['request']);
  });

  it('evaluates argument rules', async () => {
    const about = { key: world.keys.narrow, server_id: 'alpha', tool_name: 'echo' };
    expect(await explain({ ...about, arguments: { text: 'x' } })).toMatchObject({ decision: 'allow' });
    const answer = await explain({ ...about, arguments: { secret: 'x' } });
    expect(answer).toMatchObject({ decision: 'deny', code: 'invalid_arguments' });
    expect(denials(answer)).toEqual(['key']);
  });

  it('explains a route that the key may not use, and a key that is blocked', async () => {
    expect(await explain({ key: world.keys.routes, path: '/mcp/alpha' })).toMatchObject({ code: 'forbidden_route' });
    const { key } = await world.generate({ blocked: true });
    expect(await explain({ key })).toMatchObject({ decision: 'deny', code: 'unauthenticated' });
  });

  it('explains a caller without a key by its levels', async () => {
    expect(await explain({ principal: { team_id: 'b' }, server_id: 'beta' })).toMatchObject({ decision: 'allow' });
    const missing = await explain({ principal: { team_id: 'nobody' }, server_id: 'pub' });
    expect(missing).toMatchObject({ decision: 'deny', code: 'forbidden_scope' });
    expect(denials(missing)).toContain('caller');
  });

  it('explains a server that is hidden from outside', async () => {
    await manageServer({ alias: 'inside', available_on_public_internet: false, allow_all_keys: true });
    const about = { key: world.keys.plain, server_id: 'inside' };
    expect(await explain({ ...about, external: false })).toMatchObject({ decision: 'allow' });
    const answer = await explain({ ...about, external: true });
    expect(answer.decision).toBe('deny');
    expect(denials(answer)).toEqual(['server', 'request']);
  });

  async function manageServer(body: object): Promise<void> {
    const answer = await world.gateway.admin('POST', '/v1/mcp/server', { url: world.upstream.url, ...body });
    expect(answer.status).toBe(201);
  }

  describe('without an admin view', () => {
    it('answers about the caller itself', async () => {
      const { narrow } = world.keys;
      const answer = await ask(narrow, { server_id: 'alpha', tool_name: 'add' });
      expect(answer).toMatchObject({ decision: 'deny', code: 'unknown_tool' });
      expect(await ask(narrow, { key: narrow, server_id: 'alpha', tool_name: 'add' })).toEqual(answer);
    });

    it('refuses to answer about anybody else, be it there or not', async () => {
      const { narrow, plain } = world.keys;
      const foreign = await world.as(narrow, PATH, { key: plain });
      expect(foreign.status).toBe(403);
      const others = [{ key: `sk-${randomUUID()}` }, { principal: { team_id: 'b' } }, { principal: { user_id: 'x' } }];
      for (const body of others) expect(appearance(await world.as(narrow, PATH, body))).toEqual(appearance(foreign));
    });

    it('does not tell a server that is not granted from one that is not there', async () => {
      for (const more of [{}, { tool_name: 'echo' }, { path: '/mcp' }, { path: '/mcp', tool_name: 'echo' }]) {
        const foreign = await ask(world.keys.narrow, { server_id: world.servers.beta, ...more });
        expect(foreign.decision).toBe('deny');
        expect(await ask(world.keys.narrow, { server_id: randomUUID(), ...more })).toEqual(foreign);
      }
      const named = await ask(world.keys.narrow, { tool_name: 'beta-echo' });
      expect(named).toEqual(await ask(world.keys.narrow, { tool_name: 'nosuch-echo' }));
      expect(JSON.stringify(await ask(world.keys.narrow, {}))).not.toContain('beta');
    });

    it('does not tell a tool that the server hides from one that it does not have', async () => {
      await manageServer({ alias: 'hiding', allow_all_keys: true, disallowed_tools: ['echo'] });
      const told = async (tool: string): Promise<string> =>
        JSON.stringify(await ask(world.keys.plain, { server_id: 'hiding', tool_name: tool })).replaceAll(tool, 'X');
      const { tools } = await ask(world.keys.plain, { server_id: 'hiding' });
      expect(Object.values(tools).flat()).not.toContain('echo');
      expect((await told('echo')).split('"servers"')[0]).toBe((await told('nosuch')).split('"servers"')[0]);
    });
  });

  it('says what is wrong with a question', async () => {
    const answer = (body: object): Promise<HttpAnswer> => world.gateway.admin('POST', PATH, body);
    expect((await answer({ key: `sk-${randomUUID()}` })).status).toBe(404);
    expect((await answer({ key: world.keys.plain, principal: { team_id: 'a' } })).status).toBe(400);
    expect((await answer({ path: '/key/info' })).json).toMatchObject({ errors: [{ path: 'path' }] });
    expect((await answer({ tool: 'echo' })).json).toMatchObject({ code: 'unknown_field' });
  });
});
