import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScriptedProvider, type Json } from '../../fixtures/llm/scripted-provider.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { SCRIPTED_HOOKS } from './scripted-hooks.js';

const TEXT = 'bytes that must arrive: "quotes", ünïcode, \u2028 and \\ backslash';
const ENDPOINTS = ['chat/completions', 'responses'] as const;

/** One situation of a call that a model asks for. */
interface Row {
  readonly situation: string;
  readonly arguments: Json;
  readonly tool?: string;
  /** How often the tool must have run. `at most 1`: as the audit record says. */
  readonly runs: 0 | 1 | 'at most 1';
  readonly received?: Json;
  /** Of the record of the call. */
  readonly audit: { readonly outcome: string; readonly code: string | null; readonly sent: string };
  /** What the model is told holds the text that the upstream answered. */
  readonly tellsAnswer: boolean;
}

const blocked = (sent: string) => ({ outcome: 'blocked', code: 'guardrail_denied', sent });
const broken = (sent: string) => ({ outcome: 'failed', code: 'guardrail_unavailable', sent });
const withheld = { tellsAnswer: false } as const;

const ROWS: readonly Row[] = [
  { situation: 'hook blocks', arguments: { hook: 'blocks' }, runs: 0, audit: blocked('no'), ...withheld },
  { situation: 'hook throws', arguments: { hook: 'throws' }, runs: 0, audit: broken('no'), ...withheld },
  { situation: 'hook hangs', arguments: { hook: 'hangs' }, runs: 0, audit: broken('no'), ...withheld },
  {
    ...{ situation: 'hook changes arguments', arguments: { hook: 'changes' }, runs: 1 },
    ...{ received: { text: 'changed by the hook' }, audit: { outcome: 'ok', code: null, sent: 'yes' }, ...withheld },
  },
  {
    ...{ situation: 'during hook blocks', arguments: { during: 'blocks' }, runs: 'at most 1' },
    ...{ audit: blocked('yes|no'), ...withheld },
  },
  {
    ...{ situation: 'during hook throws', arguments: { during: 'throws' }, runs: 'at most 1' },
    ...{ audit: broken('yes|no'), ...withheld },
  },
  {
    ...{ situation: 'during hook hangs', arguments: { during: 'hangs' }, runs: 'at most 1' },
    ...{ audit: broken('yes'), ...withheld },
  },
  {
    ...{ situation: 'post hook blocks', arguments: { post: 'blocks' }, runs: 1 },
    ...{ received: { text: TEXT }, audit: blocked('yes'), ...withheld },
  },
  { situation: 'guard refuses', arguments: { guard: 'refuses' }, runs: 0, audit: blocked('no'), ...withheld },
  { situation: 'guard throws', arguments: { guard: 'throws' }, runs: 0, audit: broken('no'), ...withheld },
  {
    ...{ situation: 'interceptor throws before the call', arguments: { interceptor: 'throws' }, runs: 0 },
    ...{ audit: broken('no'), ...withheld },
  },
  {
    ...{ situation: 'interceptor throws after the call', arguments: { interceptor: 'throws after' }, runs: 1 },
    ...{ received: { text: TEXT }, audit: broken('yes'), ...withheld },
  },
  {
    ...{ situation: 'upstream fails', tool: 'crash', arguments: {}, runs: 1, received: { text: TEXT } },
    ...{ audit: { outcome: 'failed', code: 'upstream_unavailable', sent: 'unknown|yes' }, ...withheld },
  },
  {
    ...{ situation: 'success', arguments: {}, runs: 1, received: { text: TEXT } },
    ...{ audit: { outcome: 'ok', code: null, sent: 'yes' }, tellsAnswer: true },
  },
];

describe.each(availableBackends())('the LLM doors on $name', (backend) => {
  describe.each(['2025', '2026'] as const)('in front of a %s upstream', (era) => {
    let gateway: TestGateway;
    let upstream: RecordingHttpUpstream;
    let provider: ScriptedProvider;
    let key: string;

    beforeAll(async () => {
      [upstream, provider] = await Promise.all([RecordingHttpUpstream.start({ era }), ScriptedProvider.start()]);
      const model = { name: 'small', model: 'tiny', apiBase: provider.url, apiKey: null };
      gateway = await startTestGateway(backend, { hooks: SCRIPTED_HOOKS, config: { models: [model] } });
      await registerServer(gateway, { alias: 'up', url: upstream.url });
      key = await makeKey(gateway, { mcp_servers: ['up'] });
    });

    afterAll(async () => {
      await gateway.close();
      await Promise.all([upstream.close(), provider.close()]);
    });

    /** A model asks for a tool, and is told what came of it. */
    async function run(
      endpoint: string,
      tool: string,
      given: Json,
    ): Promise<{ answer: HttpAnswer; requestId: string }> {
      upstream.requests.clear();
      provider.say({ calls: [{ name: `up-${tool}`, arguments: JSON.stringify(given) }] }, { text: 'done' });
      const requestId = randomUUID();
      const question = endpoint === 'responses' ? { input: 'x' } : { messages: [{ role: 'user', content: 'x' }] };
      const answer = await http(`${gateway.url}/v1/${endpoint}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'x-request-id': requestId },
        body: {
          ...{ model: 'small', ...question },
          tools: [{ type: 'mcp', server_label: 'up', server_url: 'gatehouse', require_approval: 'never' }],
        },
      });
      return { answer, requestId };
    }

    describe.each(ENDPOINTS)('/v1/%s', (endpoint) => {
      it.each(ROWS)('$situation', async (row) => {
        const { answer, requestId } = await run(endpoint, row.tool ?? 'echo', { text: TEXT, ...row.arguments });
        const calls = upstream.requests.of('tools/call');
        if (row.runs !== 'at most 1') expect(calls).toHaveLength(row.runs);
        expect(calls.length).toBeLessThanOrEqual(1);
        if (row.runs === 1) expect(calls[0]?.rpc).toMatchObject({ params: { arguments: row.received } });
        expect(answer.status).toBe(200);
        const told = JSON.stringify(provider.requests.at(-1)?.body).split('bytes that must arrive').length;
        const asked = JSON.stringify(provider.requests[0]?.body).split('bytes that must arrive').length;
        // The model's own arguments are told back to it once; the answer of the upstream would be the second time.
        expect(told - asked).toBe(row.tellsAnswer ? 2 : 1);
        const records = await gateway.sql<{ outcome: string; code: string | null; sent: string }>(
          'SELECT outcome, code, sent FROM audit_records WHERE request_id = $1 AND public_name = $2',
          [requestId, `up-${row.tool ?? 'echo'}`],
        );
        expect(records).toHaveLength(1);
        expect(records[0]).toMatchObject({ outcome: row.audit.outcome, code: row.audit.code });
        expect(row.audit.sent.split('|')).toContain(records[0]?.sent);
        if (records[0]?.sent === 'no') expect(calls).toHaveLength(0);
      });

      it('sends the header that a hook adds, and nothing of the caller’s key', async () => {
        await run(endpoint, 'echo', { hook: 'changes' });
        const [call] = upstream.requests.of('tools/call');
        expect(call?.headers['x-approved-by']).toBe('scripted');
        expect(JSON.stringify(upstream.requests.all)).not.toContain(key);
      });

      it('does not offer a tool that a list hook hides', async () => {
        await run(endpoint, 'add', { a: 1, b: 2 });
        expect(JSON.stringify(provider.requests[0]?.body['tools'])).not.toContain('up-add');
        expect(upstream.requests.of('tools/call')).toEqual([]);
      });
    });
  });
});
