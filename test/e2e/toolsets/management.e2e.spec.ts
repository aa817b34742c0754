import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { availableBackends } from '../support/backends.js';
import type { HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { toolsOf, ToolsetWorld, type ToolsetAnswer } from './toolset-world.js';

const ROUTE = '/v1/mcp/toolset';

let world: ToolsetWorld;

const put = (body: object): Promise<HttpAnswer> => world.gateway.admin('PUT', ROUTE, body);
const read = async (id: string): Promise<ToolsetAnswer> =>
  (await world.gateway.admin('GET', `${ROUTE}/${id}`)).json as ToolsetAnswer;

/** What a refusal says, but for the id of the request. */
function appearance({ status, json }: HttpAnswer): unknown {
  return { status, json: { ...(json as object), requestId: null } };
}

describe.each(availableBackends())('the management of toolsets on $name', (backend) => {
  beforeAll(async () => {
    world = await ToolsetWorld.start(backend);
  });
  afterAll(() => world.close());

  it('makes a toolset, with servers by any of their names, each tool once', async () => {
    const tools = toolsOf(['alpha/echo', 'beta/add', `${world.servers.alpha}/echo`]);
    const body = { toolset_name: 'Support desk', description: 'For the desk', tools };
    const answer = await world.gateway.admin('POST', ROUTE, body);
    const stored = toolsOf([`${world.servers.alpha}/echo`, `${world.servers.beta}/add`]);
    expect(answer).toMatchObject({ status: 201, json: { ...body, tools: stored, missing_tools: [] } });
    const made = answer.json as ToolsetAnswer;
    expect(await read(made.toolset_id)).toMatchObject({ ...body, tools: stored, created_by: 'master' });
  });

  it('tells which tools the catalogue does not have, and keeps them', async () => {
    const dead = await registerServer(world.gateway, { alias: 'dead', url: 'http://127.0.0.1:9/mcp' });
    const made = await world.make(['alpha/echo', 'alpha/nosuch', 'dead/any']);
    expect(made.missing_tools).toEqual(toolsOf([`${world.servers.alpha}/nosuch`, `${dead}/any`]));
    expect(made.tools).toHaveLength(3);
    const changed = await put({ toolset_id: made.toolset_id, tools: toolsOf(['alpha/gone']) });
    expect(changed.json).toMatchObject({ missing_tools: toolsOf([`${world.servers.alpha}/gone`]) });
  });

  it('keeps what is missing or null, empties by an empty list, and clears a description by null', async () => {
    const { toolset_id, toolset_name, tools } = await world.make(['alpha/echo']);
    const change = async (fields: object): Promise<ToolsetAnswer> => {
      expect((await put({ toolset_id, ...fields })).status).toBe(200);
      return read(toolset_id);
    };
    expect(await change({ description: 'One' })).toMatchObject({ toolset_name, tools, description: 'One' });
    expect(await change({ toolset_name: null, tools: null })).toMatchObject({
      toolset_name,
      tools,
      description: 'One',
    });
    const renamed = `${toolset_name}-2`;
    expect(await change({ toolset_name: renamed })).toMatchObject({ toolset_name: renamed, tools, description: 'One' });
    expect(await change({ tools: [] })).toMatchObject({ tools: [], description: 'One' });
    expect(await change({ description: null })).toMatchObject({ toolset_name: renamed, tools: [], description: null });
  });

  it('refuses a name that is in use, when making and when changing', async () => {
    const one = await world.make([]);
    const two = await world.make([]);
    const taken = { toolset_name: one.toolset_name };
    expect((await world.gateway.admin('POST', ROUTE, { ...taken, tools: [] })).status).toBe(409);
    expect(await put({ toolset_id: two.toolset_id, ...taken })).toMatchObject({
      status: 409,
      json: { code: 'conflict' },
    });
    expect((await read(two.toolset_id)).toolset_name).toBe(two.toolset_name);
  });

  it.each([
    ['a server that is not there', { tools: toolsOf(['alpha/echo', 'nosuch/echo']) }, 'tools.1.server_id'],
    ['a tool without a name', { tools: [{ server_id: 'alpha' }] }, 'tools.0.tool_name'],
    ['a tool that is no object', { tools: ['alpha/echo'] }, 'tools'],
    ['tools that are no list', { tools: 'alpha/echo' }, 'tools'],
    ['too many tools', { tools: toolsOf(Array.from({ length: 1001 }, () => 'alpha/echo')) }, 'tools'],
    ['an unknown field of a tool', { tools: [{ server_id: 'alpha', tool_name: 'echo', x: 1 }] }, 'tools.0.x'],
    ['an unknown field', { color: 'red' }, 'color'],
    ['an empty name', { toolset_name: '' }, 'toolset_name'],
    ['a name with a slash', { toolset_name: 'a/b' }, 'toolset_name'],
    ['a name of dots', { toolset_name: '..' }, 'toolset_name'],
    ['the id of another toolset as name', { toolset_name: randomUUID() }, 'toolset_name'],
    ['a name that is too long', { toolset_name: 'n'.repeat(129) }, 'toolset_name'],
    ['a description with control characters', { description: 'a\u0000b' }, 'description'],
  ])('refuses %s and changes nothing', async (_what, fields, path) => {
    const { toolset_id, ...before } = await world.make(['alpha/echo']);
    const answers = [
      await world.gateway.admin('POST', ROUTE, {
        toolset_name: `new-${randomUUID().slice(0, 8)}`,
        tools: [],
        ...fields,
      }),
      await put({ toolset_id, ...fields }),
    ];
    for (const { status, json } of answers) {
      expect(status).toBe(400);
      expect((json as { errors: { path: string }[] }).errors.map((fault) => fault.path)).toContainEqual(
        expect.stringMatching(new RegExp(`^${path}`)),
      );
    }
    const { missing_tools: _none, ...stored } = before;
    expect(await read(toolset_id)).toMatchObject(stored);
  });

  it('answers 404 to admins for what is not there', async () => {
    const id = randomUUID();
    expect((await world.gateway.admin('GET', `${ROUTE}/${id}`)).status).toBe(404);
    expect((await put({ toolset_id: id, tools: [] })).status).toBe(404);
    expect((await world.gateway.admin('DELETE', `${ROUTE}/${id}`)).status).toBe(404);
  });

  it('lists page by page, in order of creation', async () => {
    const made = [await world.make([]), await world.make([]), await world.make([])].map(({ toolset_id }) => toolset_id);
    const seen: string[] = [];
    let path: string | undefined = `${ROUTE}?limit=2`;
    while (path !== undefined) {
      const answer: HttpAnswer = await world.gateway.admin('GET', path);
      const rows = answer.json as ToolsetAnswer[];
      expect(rows.length).toBeLessThanOrEqual(2);
      seen.push(...rows.map(({ toolset_id }) => toolset_id));
      path = /^<([^>]+)>/.exec(String(answer.headers['link'] ?? ''))?.[1];
    }
    expect(seen.slice(-3)).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
    expect((await world.gateway.admin('GET', `${ROUTE}?cursor=x`)).status).toBe(400);
  });

  it('shows callers what they hold, within their reach, and tells nothing else', async () => {
    const held = await world.make(['alpha/echo', 'beta/add']);
    const other = await world.make(['alpha/echo']);
    const user = await manage<{ user_id: string }>(world.gateway, '/user/new', {
      object_permission: { mcp_servers: ['alpha'] },
    });
    const key = await world.holder([held.toolset_name], { user_id: user.user_id });
    const shown = { toolset_id: held.toolset_id, tools: toolsOf([`${world.servers.alpha}/echo`]) };
    expect(await world.as(key, 'GET', ROUTE)).toMatchObject({ status: 200, json: [shown] });
    expect(await world.as(key, 'GET', `${ROUTE}/${held.toolset_id}`)).toMatchObject({ status: 200, json: shown });
    const [granted, absent] = [other.toolset_id, randomUUID()].map((id) => world.as(key, 'GET', `${ROUTE}/${id}`));
    expect(appearance(await granted!)).toMatchObject({ status: 403 });
    expect(appearance(await granted!)).toEqual(appearance(await absent!));
    const stranger = await makeKey(world.gateway, { mcp_servers: ['alpha'] });
    expect((await world.as(stranger, 'GET', ROUTE)).json).toEqual([]);
    const closed = await makeKey(world.gateway, { mcp_servers: ['no-mcp-servers'], mcp_toolsets: [held.toolset_id] });
    expect((await world.as(closed, 'GET', ROUTE)).json).toEqual([]);
  });

  it('lets admins alone write, and shows everything to whoever has an admin view', async () => {
    const made = await world.make(['alpha/echo']);
    const { user_id } = await manage<{ user_id: string }>(world.gateway, '/user/new', {
      user_role: 'proxy_admin_viewer',
    });
    const viewer = await makeKey(world.gateway, {}, { user_id });
    const holder = await world.holder([made.toolset_id]);
    for (const key of [viewer, holder]) {
      const bodies: ['POST' | 'PUT' | 'DELETE', string, object?][] = [
        ['POST', ROUTE, { toolset_name: randomUUID().slice(0, 8), tools: [] }],
        ['PUT', ROUTE, { toolset_id: made.toolset_id, tools: [] }],
        ['DELETE', `${ROUTE}/${made.toolset_id}`],
      ];
      for (const [method, path, body] of bodies) expect((await world.as(key, method, path, body)).status).toBe(403);
    }
    expect(await read(made.toolset_id)).toMatchObject({ tools: made.tools });
    expect((await world.as(viewer, 'GET', `${ROUTE}/${made.toolset_id}`)).status).toBe(200);
    expect((await world.as(viewer, 'GET', `${ROUTE}/${randomUUID()}`)).status).toBe(404);
    const all = (await world.as(viewer, 'GET', ROUTE)).json as ToolsetAnswer[];
    expect(all.map(({ toolset_id }) => toolset_id)).toContain(made.toolset_id);
    expect((await world.as('sk-nobody-knows-this-key-0000', 'GET', ROUTE)).status).toBe(401);
  });

  it('takes a deleted server out of toolsets, also for a later server of that id', async () => {
    const url = world.alpha.url;
    const server_id = await registerServer(world.gateway, { alias: 'brief', url });
    const made = await world.make(['brief/echo', 'alpha/add']);
    const key = await world.holder([made.toolset_id]);
    expect(await world.listModern('/mcp', key)).toMatchObject({
      tools: ['alpha-add', 'brief-echo'].concat(await pub()),
    });
    await world.gateway.admin('DELETE', `/v1/mcp/server/${server_id}`);
    expect((await read(made.toolset_id)).tools).toEqual(toolsOf([`${world.servers.alpha}/add`]));
    await registerServer(world.gateway, { server_id, alias: 'brief', url });
    expect(await world.listModern('/mcp', key)).toMatchObject({ tools: ['alpha-add'].concat(await pub()) });
    expect((await world.listModern('/brief/mcp', key)).status).toBe(403);
  });

  /** Tools of the server that is open to all. */
  async function pub(): Promise<string[]> {
    const key = await makeKey(world.gateway, { mcp_servers: ['pub'] });
    return (await world.listModern('/mcp', key)).tools;
  }
});
