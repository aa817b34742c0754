import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { countTokens } from 'gpt-tokenizer';
import { availableBackends } from '../e2e/support/backends.js';
import { http } from '../e2e/support/http.js';
import { makeKey, registerServer } from '../e2e/support/management.js';
import { startTestGateway, type TestGateway } from '../e2e/support/test-gateway.js';
import { RecordingHttpUpstream } from '../fixtures/upstreams/recording-http-upstream.js';
import { LABELLED_QUERIES, LABELLED_TOOLS, show } from './labelled-set.js';

interface Result {
  readonly tools: readonly { name: string }[];
  readonly content: readonly { text: string }[];
  readonly structuredContent: { readonly tools: readonly { name: string }[] };
}

let gateway: TestGateway;
let upstream: RecordingHttpUpstream;
let key: string;

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no PostgreSQL for the tests');
  upstream = await RecordingHttpUpstream.start({
    era: '2026',
    echoes: LABELLED_TOOLS.map(({ publicName }) => publicName),
    descriptions: Object.fromEntries(
      LABELLED_TOOLS.map(({ publicName, tool }) => [publicName, String(tool['description'])]),
    ),
  });
  gateway = await startTestGateway(backend);
  await registerServer(gateway, { alias: 'all', url: upstream.url });
  const names = LABELLED_TOOLS.map(({ publicName }) => publicName);
  key = await makeKey(gateway, { mcp_tool_permissions: { all: names } });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

async function ask(path: string, method: string, params?: object): Promise<Result> {
  const answer = await http(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', authorization: `Bearer ${key}` },
    body: { jsonrpc: '2.0', id: 1, method, params },
  });
  return (answer.json as { result: Result }).result;
}

/** Calls a tool of search mode. Counts what a model writes for it and reads of it. */
async function call(name: string, args: object): Promise<{ result: Result; tokens: number }> {
  const result = await ask('/all/mcp?mode=search', 'tools/call', { name, arguments: args });
  const tokens = countTokens(JSON.stringify({ name, arguments: args })) + countTokens(result.content[0]?.text ?? '');
  return { result, tokens };
}

describe('search mode, on the labelled set', () => {
  it('leaves most tasks possible with a fraction of the tokens', async () => {
    const all = countTokens(JSON.stringify((await ask('/all/mcp', 'tools/list')).tools));
    const meta = countTokens(JSON.stringify((await ask('/all/mcp?mode=search', 'tools/list')).tools));
    let tokens = 0;
    const unsolved: string[] = [];
    for (const { query, right } of LABELLED_QUERIES) {
      const search = await call('search_tools', { query });
      const found = search.result.structuredContent.tools.map(({ name }) => name);
      const chosen = found.find((name) => right.includes(name));
      if (chosen === undefined) {
        unsolved.push(query);
        continue;
      }
      const schema = await call('get_tool_schema', { name: chosen });
      const called = await call('call_tool', { name: chosen, arguments: { text: query } });
      expect(called.result.content[0]?.text).toBe(query);
      tokens += meta + search.tokens + schema.tokens;
    }
    const solved = LABELLED_QUERIES.length - unsolved.length;
    expect(upstream.callCount).toBe(solved);
    const perTask = Math.round(tokens / solved);
    show({ by: 'search mode', all, meta, perTask, saved: 1 - perTask / all, solved, unsolved });
    expect(solved).toBeGreaterThanOrEqual(90);
    expect(perTask).toBeLessThan(all / 4);
  });
});
