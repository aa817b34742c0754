import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { WALKTHROUGH } from '../../src/swagger-walkthrough.js';
import { startEverything, type EverythingUpstream } from '../fixtures/upstreams/everything-upstream.js';
import { availableBackends } from './support/backends.js';
import { http } from './support/http.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
/** What a key looks like, but for the documented placeholder. */
const REAL_SECRET = /sk-[A-Za-z0-9_-]{20,}/;

/** Has a body a schema in every form that it is taken in? */
function hasSchemas(content: Readonly<Record<string, { readonly schema?: unknown }>>): boolean {
  const forms = Object.values(content);
  return forms.length > 0 && forms.every(({ schema }) => schema !== undefined);
}

describe.each(availableBackends().slice(0, 1))('the API documents', (backend) => {
  let gateway: TestGateway;
  let everything: EverythingUpstream;
  let document: OpenAPIObject;

  beforeAll(async () => {
    [gateway, everything] = await Promise.all([startTestGateway(backend), startEverything()]);
    document = (await http(`${gateway.url}/docs/openapi.json`)).json as OpenAPIObject;
  });

  afterAll(async () => {
    await Promise.all([gateway.close(), everything.close()]);
  });

  it('say of every route what it does, what it takes, what it answers and how it fails', () => {
    const poor: string[] = [];
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of METHODS) {
        const operation = item[method];
        if (operation === undefined) continue;
        const body = operation.requestBody;
        const content = body !== undefined && 'content' in body ? body.content : undefined;
        const statuses = Object.keys(operation.responses);
        const complaints = [
          (operation.summary ?? '') === '' && 'no summary',
          content !== undefined && !hasSchemas(content) && 'no schema of the body',
          !statuses.some((status) => /^[23]/.test(status)) && 'no good answer',
          operation.security !== undefined && !statuses.includes('401') && 'no 401',
          content !== undefined && !statuses.includes('400') && 'no 400',
        ].filter((complaint) => complaint !== false);
        if (complaints.length > 0) poor.push(`${method} ${path}: ${complaints.join(', ')}`);
      }
    }
    expect(poor).toEqual([]);
    expect(Object.keys(document.paths).length).toBeGreaterThan(30);
  });

  it('show under each status the problems that have it', () => {
    const answers = document.paths['/key/generate']?.post?.responses ?? {};
    for (const status of ['400', '401', '403', '415']) {
      const answer = answers[status];
      const content = answer !== undefined && 'content' in answer ? answer.content : undefined;
      const examples = Object.entries(content?.['application/problem+json']?.examples ?? {});
      expect(examples.length).toBeGreaterThan(0);
      for (const [code, example] of examples)
        expect(example).toMatchObject({ value: { code, status: Number(status) } });
    }
  });

  it('show no secret', () => {
    expect(JSON.stringify(document)).not.toMatch(REAL_SECRET);
    expect(JSON.stringify(document)).not.toContain(gateway.masterKey);
  });

  it('lead from a server over a team and a key to an explained refusal, by pressing what is filled in', async () => {
    const answers: Record<string, unknown>[] = [];
    for (const { path } of WALKTHROUGH) {
      const body = { ...exampleOf(path), ...unknowable(path, answers) };
      const answer = await gateway.admin('POST', path, body);
      expect({ path, status: answer.status < 300, text: answer.text }).toMatchObject({ status: true });
      answers.push(answer.json as Record<string, unknown>);
    }
    const [, , key, explained] = answers;
    expect(explained).toMatchObject({ decision: 'deny', code: 'unknown_tool' });
    expect(explained?.['rules']).toContainEqual(expect.objectContaining({ level: 'key', effect: 'deny' }));
    expect(await toolsOf(String(key?.['key']))).toEqual(['everything-echo', 'everything-get-sum']);
  });

  /** The two values that the documents cannot know. */
  function unknowable(path: string, answers: readonly Record<string, unknown>[]): Record<string, unknown> {
    if (path === '/v1/mcp/server') return { url: everything.url };
    return path.endsWith('/explain') ? { key: answers[2]?.['key'] } : {};
  }

  function exampleOf(path: string): Record<string, unknown> {
    const body = document.paths[path]?.post?.requestBody;
    const content = body !== undefined && 'content' in body ? body.content['application/json'] : undefined;
    const example = content?.examples?.['walkthrough'];
    if (example === undefined || !('value' in example)) throw new Error(`POST ${path} has no example`);
    return example.value as Record<string, unknown>;
  }

  async function toolsOf(key: string): Promise<string[]> {
    const answer = await http(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    });
    const { result } = answer.json as { result: { tools: { name: string }[] } };
    return result.tools.map(({ name }) => name).sort();
  }
});
