import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  GuardrailViolation,
  McpHook,
  type OnMcpList,
  type ToolListChange,
  type ToolListView,
} from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { MCP_DOORS } from '../doors/mcp-doors.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { LIST_DOORS } from './list-doors.js';

type Answer = ToolListChange | void | Promise<ToolListChange | void>;

/** What the hook answers, chosen by the test. */
let decide: (list: ToolListView) => unknown = () => undefined;
const seen: ToolListView[] = [];

@McpHook({ name: 'lister', timeoutMs: 200 })
class Lister implements OnMcpList {
  onMcpList(list: ToolListView): Answer {
    seen.push(list);
    return decide(list) as Answer;
  }
}

/** Named by one server only. */
@McpHook({ name: 'quiet', defaultOn: false, order: 200 })
class Quiet implements OnMcpList {
  onMcpList({ tools }: ToolListView): ToolListChange {
    return { tools: tools.map((tool) => ({ ...tool, description: 'hushed' })) };
  }
}

const [backend] = availableBackends();

describe('hooks on lists', () => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;
  let key: string;
  let otherKey: string;

  beforeAll(async () => {
    if (backend === undefined) throw new Error('there is no backend');
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend, { hooks: [Lister, Quiet] });
    await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url });
    await registerServer(gateway, { alias: 'hushed', transport: 'http', url: upstream.url, guardrails: ['quiet'] });
    key = await makeKey(gateway, { mcp_servers: ['up'] }, { key_alias: 'reader' });
    otherKey = await makeKey(gateway, { mcp_servers: ['up', 'hushed'] });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    decide = () => undefined;
    seen.length = 0;
  });

  describe.each(LIST_DOORS)('$name', (door) => {
    const named = (tool: string): string => (door.prefixed ? `up-${tool}` : tool);
    const list = (reader = key) => door.list(gateway.url, reader, 'up');

    it('leaves out what a hook removes, for that caller only', async () => {
      decide = ({ principal, tools }) =>
        principal.keyAlias === 'reader' ? { tools: tools.filter(({ tool }) => tool !== 'crash') } : undefined;
      const names = (await list()).tools?.map(({ name }) => name);
      expect(names).toContain(named('echo'));
      expect(names).not.toContain(named('crash'));
      expect((await list(otherKey)).tools?.map(({ name }) => name)).toContain(named('crash'));
    });

    it('shows another description, and the old one again when no hook changes it', async () => {
      decide = ({ tools }) => ({
        tools: tools.map((tool) => (tool.tool === 'echo' ? { ...tool, description: 'reviewed' } : tool)),
      });
      const echo = (tools: Awaited<ReturnType<typeof list>>['tools']) =>
        tools?.find(({ name }) => name === named('echo'));
      expect(echo((await list()).tools)?.description).toBe('reviewed');
      decide = () => undefined;
      expect(echo((await list()).tools)?.description).toBe('The echo tool');
    });

    it('shows the hook a frozen list without the credential', async () => {
      await list();
      const [view] = seen;
      expect(view).toMatchObject({
        origin: door.name.startsWith('20') ? 'mcp' : 'rest',
        principal: { keyAlias: 'reader', roles: ['internal_user'] },
      });
      const echo = view?.tools.find(({ tool }) => tool === 'echo');
      expect(echo).toMatchObject({ server: { alias: 'up' }, title: null, description: 'The echo tool' });
      expect(() => Object.assign(echo?.inputSchema ?? {}, { type: 'array' })).toThrow(TypeError);
      expect(Object.isFrozen(view?.tools)).toBe(true);
      expect(JSON.stringify(view)).not.toContain(key);
    });

    it.each<[string, (list: ToolListView) => unknown, string]>([
      [
        'refuses',
        () => {
          throw new GuardrailViolation('no lists today');
        },
        'guardrail_denied',
      ],
      ['throws', () => Promise.reject(new Error('hunter2')), 'guardrail_unavailable'],
      ['hangs', () => new Promise(() => undefined), 'guardrail_unavailable'],
      ['returns text', () => 'all of them', 'guardrail_unavailable'],
      [
        'adds a tool',
        ({ tools }) => ({ tools: [...tools, { ...tools[0], publicName: 'new' }] }),
        'guardrail_unavailable',
      ],
      ['lists one twice', ({ tools }) => ({ tools: [tools[0], tools[0]] }), 'guardrail_unavailable'],
      ['renames a tool', ({ tools }) => ({ tools: [{ ...tools[0], publicName: 'x' }] }), 'guardrail_unavailable'],
      ['moves a tool', ({ tools }) => ({ tools: [{ ...tools[0], tool: tools[1]?.tool }] }), 'guardrail_unavailable'],
      ['changes a schema', ({ tools }) => ({ tools: [{ ...tools[0], inputSchema: {} }] }), 'guardrail_unavailable'],
    ])('gives no list when a hook %s', async (_, run, code) => {
      decide = run;
      const answer = await list();
      const problem = code === 'guardrail_denied' ? 400 : 503;
      expect(answer).toMatchObject({ tools: null, code, status: door.name.startsWith('20') ? 200 : problem });
      expect(answer.text).not.toContain('hunter2');
    });
  });

  it('shows a hook that a server names the tools of that server only', async () => {
    const [door] = LIST_DOORS;
    const tools = (await door?.list(gateway.url, otherKey, 'up'))?.tools ?? [];
    const descriptions = (prefix: string) =>
      new Set(tools.filter(({ name }) => name.startsWith(prefix)).map(({ description }) => description === 'hushed'));
    expect(descriptions('up-')).toEqual(new Set([false]));
    expect(descriptions('hushed-')).toEqual(new Set([true]));
  });

  it.each(MCP_DOORS)('a hidden tool can still be called at $name: hiding is not forbidding', async (door) => {
    decide = () => ({ tools: [] });
    upstream.requests.clear();
    const call = { key, server: 'up', tool: 'echo', arguments: { text: 'hi' }, requestId: randomUUID() };
    expect(await door.call(gateway.url, call)).toMatchObject({ kind: 'ok', text: 'hi' });
    expect(upstream.callCount).toBe(1);
  });
});
