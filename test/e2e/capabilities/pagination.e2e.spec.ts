import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { ask, messageOf, type Params, type Revision } from './capability-world.js';

const PAGE_SIZE = 3;
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
const REVISIONS: readonly Revision[] = ['2025', '2026'];

interface ListKind {
  readonly method: string;
  readonly member: string;
  readonly key: string;
  /** In the order of the servers, and within one in that of the upstream. */
  readonly expected: readonly string[];
}

const both = (make: (server: string, name: string) => string): string[] =>
  ['one', 'two'].flatMap((server) => NAMES.map((name) => make(server, name)));

const LISTS: readonly ListKind[] = [
  { method: 'tools/list', member: 'tools', key: 'name', expected: both((server, name) => `${server}-${name}`) },
  { method: 'prompts/list', member: 'prompts', key: 'name', expected: both((server, name) => `${server}-${name}`) },
  {
    ...{ method: 'resources/list', member: 'resources', key: 'uri' },
    expected: both((server, name) => `${server}:${name}`),
  },
  {
    ...{ method: 'resources/templates/list', member: 'resourceTemplates', key: 'uriTemplate' },
    expected: both((server, name) => `${server}://${name}/{id}`),
  },
];
const CASES = REVISIONS.flatMap((revision) =>
  LISTS.map((kind): [Revision, string, ListKind] => [revision, kind.method, kind]),
);

let gateway: TestGateway;
let upstreams: RecordingHttpUpstream[];
let key: string;
let otherKey: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  upstreams = await Promise.all([upstreamNamed('one', '2026'), upstreamNamed('two', '2025')]);
  gateway = await startTestGateway(backend, { config: { listPageSize: PAGE_SIZE } });
  for (const [index, alias] of ['one', 'two'].entries()) {
    await registerServer(gateway, { alias, url: upstreams[index]?.url });
  }
  const grants = { mcp_tool_permissions: { one: NAMES, two: NAMES } };
  [key, otherKey] = await Promise.all([makeKey(gateway, grants), makeKey(gateway, grants)]);
});

afterAll(async () => {
  await gateway.close();
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

/** Its own list of tools has many pages too. */
function upstreamNamed(label: string, era: '2025' | '2026'): Promise<RecordingHttpUpstream> {
  const resources = NAMES.map((name) => `${label}:${name}`);
  const templates = NAMES.map((name) => `${label}://${name}/{id}`);
  return RecordingHttpUpstream.start({
    era,
    pageSize: 2,
    echoes: NAMES,
    offer: { label, prompts: NAMES, resources, templates },
  });
}

/** Every page of a list, as results. */
async function pagesOf(revision: Revision, method: string, path = '/mcp'): Promise<Params[]> {
  const pages: Params[] = [];
  for (let params: Params = {}; pages.length < 20;) {
    const { result } = messageOf(await ask({ gateway }, key, revision, method, params, path));
    if (result === undefined) throw new Error(`${method} failed`);
    pages.push(result);
    if (result['nextCursor'] === undefined) return pages;
    params = { cursor: result['nextCursor'] };
  }
  throw new Error('the list has no end');
}

const keysIn = (page: Params, { member, key: name }: ListKind): unknown[] =>
  (page[member] as Params[]).map((entry) => entry[name]);

describe.each(CASES)('at %s, %s', (revision, method, kind) => {
  it('comes in pages that hold everything once, in the same order each time', async () => {
    const pages = await pagesOf(revision, method);
    expect(pages.map((page) => keysIn(page, kind).length)).toEqual([3, 3, 3, 1]);
    expect(pages.flatMap((page) => keysIn(page, kind))).toEqual(kind.expected);
    expect((await pagesOf(revision, method)).flatMap((page) => keysIn(page, kind))).toEqual(kind.expected);
  });

  it('tells 2026 clients on every page that nobody else may keep it', async () => {
    for (const page of await pagesOf(revision, method)) {
      const hints = revision === '2026' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};
      expect(page).toMatchObject(hints);
      expect(page['cacheScope']).toBe(revision === '2026' ? 'private' : undefined);
    }
  });

  it('refuses a cursor of another caller, of another list, or that is made up', async () => {
    const [first] = await pagesOf(revision, method);
    const cursor = String(first?.['nextCursor']);
    const other = method === 'tools/list' ? 'prompts/list' : 'tools/list';
    const attempts = await Promise.all([
      ask({ gateway }, otherKey, revision, method, { cursor }),
      ask({ gateway }, key, revision, other, { cursor }),
      ask({ gateway }, key, revision, method, { cursor: `${cursor.slice(0, -8)}xxxxxxxx` }),
      ask({ gateway }, key, revision, method, { cursor: '' }),
      ask({ gateway }, key, revision, method, { cursor: 3 }),
    ]);
    for (const answer of attempts) {
      expect(messageOf(answer)).toMatchObject({ error: { code: -32602 } });
      expect(answer.status).toBe(revision === '2026' ? 400 : 200);
    }
    expect(cursor).not.toMatch(/one|two|alpha|gamma/);
  });
});

it('comes in pages on the door of one server too', async () => {
  for (const revision of REVISIONS) {
    const names = (await pagesOf(revision, 'prompts/list', '/two/mcp')).map(
      (page) => (page['prompts'] as Params[]).length,
    );
    expect(names).toEqual([3, 2]);
  }
});

it.each<'legacy' | { pin: string }>(['legacy', { pin: '2026-07-28' }])(
  'is read whole by an SDK client (%j)',
  async (mode) => {
    const client = new Client({ name: 'pages', version: '1' }, { versionNegotiation: { mode } });
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit }));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listResources(cursor === undefined ? {} : { cursor });
      seen.push(...page.resources.map(({ uri }) => uri));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    await client.close();
    expect(new Set(seen)).toEqual(new Set(both((server, name) => `${server}:${name}`)));
  },
);
