import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { BridgedUpstream, UpstreamKind } from './bridged-upstream.js';
import { FILLED_IN, ROOTS, SAMPLED, type BridgingClient, type ClientKind } from './bridging-client.js';

/** One client in front of one upstream, with the gateway between them. */
export interface Cell {
  readonly client: BridgingClient;
  readonly upstream: BridgedUpstream;
}

/** One column of the matrix. It must hold in every cell; what cannot be carried asserts what happens in its place. */
export interface Feature {
  readonly name: string;
  /** Missing: all. */
  readonly clients?: readonly ClientKind[];
  /** Missing: all. */
  readonly upstreams?: readonly UpstreamKind[];
  check(cell: Cell): Promise<void>;
}

const OLD: readonly UpstreamKind[] = ['http25', 'sse25', 'stdio25'];

/** The bridged features. A new row is a new entry. */
export const FEATURES: readonly Feature[] = [
  {
    name: 'tool',
    check: async (cell) => {
      const mark = randomUUID();
      const { content } = await call(cell, 'echo', { text: 'hello', mark });
      expect(cell.upstream.callsOf('echo', mark)).toBe(1);
      expect(content).toMatchObject([{ type: 'text', text: 'hello' }]);
    },
  },
  {
    name: 'progress',
    check: async (cell) => {
      const seen: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress);
      await cell.client.call(`${cell.upstream.kind}-progress`, {}, { onprogress });
      expect(seen).toEqual([1, 2, 3]);
    },
  },
  {
    name: 'cancel',
    check: async (cell) => {
      const controller = new AbortController();
      const mark = randomUUID();
      const before = cell.upstream.record.filter((entry) => 'cancelled' in entry).length;
      const name = `${cell.upstream.kind}-slow`;
      const running = cell.client.call(name, { mark }, { signal: controller.signal });
      const ended = running.then(
        () => 'answered',
        () => 'failed',
      );
      while (cell.upstream.callsOf('slow', mark) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      controller.abort();
      expect(await ended).toBe('failed');
      await cell.upstream.recorded('cancelled', before);
    },
  },
  {
    name: 'log',
    check: async (cell) => {
      cell.client.logs.length = 0;
      await call(cell, 'log');
      expect(cell.client.logs).toEqual(['a line']);
    },
  },
  { name: 'sampling', check: (cell) => answers(cell, 'sampling', 'sampling/createMessage', SAMPLED) },
  { name: 'elicitation by form', check: (cell) => answers(cell, 'form', 'elicitation/create', FILLED_IN) },
  {
    name: 'elicitation by URL',
    check: async (cell) => {
      cell.client.completed.length = 0;
      await answers(cell, 'url', 'elicitation/create', { action: 'accept' });
      const [question] = cell.client.asked;
      expect(question?.params).toMatchObject({ mode: 'url', url: 'https://connect.example/' });
      // Only the revisions with sessions have ids of elicitations.
      expect(typeof question?.params['elicitationId']).toBe(cell.client.kind === '2025' ? 'string' : 'undefined');
      const isTold = cell.client.kind === '2025' && cell.upstream.kind !== 'http26';
      expect(cell.client.completed).toEqual(isTold ? ['e-1'] : []);
    },
  },
  { name: 'roots', check: (cell) => answers(cell, 'roots', 'roots/list', ROOTS) },
  {
    name: 'URL required first',
    check: async (cell) => {
      const user = randomUUID();
      if (cell.client.kind === '2025' && cell.upstream.kind !== 'http26') {
        // Both know the error by which this is said.
        await expect(call(cell, 'url_first', { user })).rejects.toMatchObject({
          code: -32042,
          data: { elicitations: [{ mode: 'url', elicitationId: 'e-2' }] },
        });
      }
      expect(textOf(await call(cell, 'url_first', { user }))).toBe('connected');
    },
  },
  {
    name: 'question of a prompt',
    check: async (cell) => {
      cell.client.asked.length = 0;
      const { messages } = await cell.client.getPrompt(`${cell.upstream.kind}-asking`);
      expect(JSON.parse(String(messages[0]?.content['text']))).toEqual(FILLED_IN);
      expect(cell.client.asked).toHaveLength(1);
    },
  },
  {
    name: 'question of a resource',
    check: async (cell) => {
      const { contents } = await cell.client.read(`${cell.upstream.kind}:asking`);
      expect(JSON.parse(String(contents[0]?.['text']))).toEqual(FILLED_IN);
    },
  },
  {
    name: 'resource read',
    check: async (cell) => {
      const { kind } = cell.upstream;
      for (const uri of [`${kind}:own`, `gatehouse://${kind}/shared:thing`]) {
        expect(await cell.client.resourceUris()).toContain(uri);
        const { contents } = await cell.client.read(uri);
        expect(contents).toMatchObject([{ uri, text: expect.stringContaining(`${kind} says`) }]);
      }
    },
  },
  {
    name: 'links in results',
    check: async (cell) => {
      const { kind } = cell.upstream;
      const uri = `gatehouse://${kind}/shared:thing`;
      const { content, structuredContent } = await call(cell, 'links');
      expect(content).toMatchObject([
        { type: 'resource_link', uri, name: 'a link' },
        { type: 'resource', resource: { uri, text: 'embedded' } },
        { type: 'text', text: 'shared:thing' },
      ]);
      expect(structuredContent).toEqual({ uri: 'shared:thing' });
      const { messages } = await cell.client.getPrompt(`${kind}-linking`);
      expect(messages[0]?.content).toMatchObject({ type: 'resource_link', uri });
      expect((await cell.client.read(uri)).contents).toMatchObject([{ uri, text: `${kind} says shared:thing` }]);
    },
  },
  {
    name: 'completion',
    check: async ({ client, upstream: { kind } }) => {
      expect(await client.complete(`${kind}-asking`, 'abc')).toEqual([`abc of ${kind}`]);
    },
  },
  {
    name: 'paging of the upstream',
    check: async ({ client, upstream }) => {
      const names = (await client.toolNames()).filter((name) => name.startsWith(`${upstream.kind}-`));
      expect(upstream.record.some(({ listed }) => Number(listed) > 0)).toBe(true);
      expect(names).toHaveLength(11);
      expect(names).toContain(`${upstream.kind}-links`);
    },
  },
  {
    // Nobody can be asked any more, or there is nothing that would tell whom: the gateway answers itself.
    name: 'question after the call',
    upstreams: ['sse25', 'stdio25'],
    check: async (cell) => {
      const before = cell.upstream.record.filter((entry) => 'late' in entry).length;
      cell.client.asked.length = 0;
      await call(cell, 'ask_late');
      await cell.upstream.recorded('late', before);
      expect(cell.upstream.record.filter((entry) => 'late' in entry).at(-1)).toEqual({ late: { roots: [] } });
      expect(cell.client.asked).toEqual([]);
    },
  },
  {
    // Over one connection for all calls nothing says whose question it is.
    name: 'question among several calls',
    upstreams: OLD,
    check: async (cell) => {
      const controller = new AbortController();
      const mark = randomUUID();
      const { kind } = cell.upstream;
      const other = cell.client.call(`${kind}-slow`, { mark }, { signal: controller.signal }).catch(() => null);
      while (cell.upstream.callsOf('slow', mark) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      const expected = kind === 'http25' ? FILLED_IN : { action: 'cancel' };
      expect(JSON.parse(textOf(await call(cell, 'form')))).toEqual(expected);
      controller.abort();
      await other;
    },
  },
];

function call({ client, upstream }: Cell, tool: string, args: Record<string, unknown> = {}) {
  return client.call(`${upstream.kind}-${tool}`, args);
}

function textOf({ content }: { content: Record<string, unknown>[] }): string {
  return String(content[0]?.['text']);
}

/** The tool asks its client once, and answers with what the client said. */
async function answers(cell: Cell, tool: string, method: string, answer: object): Promise<void> {
  const mark = randomUUID();
  cell.client.asked.length = 0;
  const result = await call(cell, tool, { mark });
  expect(cell.client.asked.map((question) => question.method)).toEqual([method]);
  expect(JSON.parse(textOf(result))).toEqual(answer);
  // A server of 2026 is asked again with the answers; one of 2025 has been waiting for them.
  expect(cell.upstream.callsOf(tool, mark)).toBe(cell.upstream.kind === 'http26' ? 2 : 1);
}
