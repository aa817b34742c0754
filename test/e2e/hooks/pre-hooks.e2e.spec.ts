import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { McpHook, type PreCallChange, type PreMcpCall } from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { callTool } from './clients.js';

/** What the hook returns, chosen by the test. */
let change: PreCallChange | undefined;

@McpHook({ name: 'changes' })
class Changes implements PreMcpCall {
  preMcpCall(): PreCallChange | void {
    return change;
  }
}

const STDIO_UPSTREAM = resolve('test/fixtures/upstreams/stdio-upstream.mjs');
const [backend] = availableBackends();

describe.each(['2025', '2026'] as const)('what a pre hook changes arrives at a %s upstream', (era) => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;
  let directory: string;
  let recordFile: string;

  beforeAll(async () => {
    if (backend === undefined) throw new Error('there is no backend');
    directory = mkdtempSync(join(tmpdir(), 'gatehouse-hooks-'));
    recordFile = join(directory, 'record');
    upstream = await RecordingHttpUpstream.start({ era });
    gateway = await startTestGateway(backend, { hooks: [Changes] });
    await registerServer(gateway, {
      ...{ alias: 'up', url: upstream.url, auth_type: 'bearer_token', credentials: { auth_value: 'stored' } },
      ...{ static_headers: { 'x-static': 'server', 'x-both': 'server' }, extra_headers: ['x-caller', 'x-all'] },
    });
    await registerServer(gateway, {
      ...{ alias: 'program', transport: 'stdio', command: process.execPath, args: [STDIO_UPSTREAM] },
      ...{ env: { RECORD_FILE: recordFile } },
    });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    change = undefined;
    upstream.requests.clear();
  });

  async function received(args: Record<string, unknown> = { text: 'hello' }) {
    const answer = await http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}`, 'x-caller': 'caller', 'x-all': 'caller' },
      body: { server_id: 'up', name: 'echo', arguments: args },
    });
    const [call] = upstream.requests.of('tools/call');
    return { answer, headers: call?.headers ?? {}, rpc: call?.rpc };
  }

  it('nothing, when the hook returns nothing', async () => {
    const { headers, rpc } = await received({ text: 'as it came', unknown: [1, { a: null }] });
    expect(rpc).toMatchObject({ params: { arguments: { text: 'as it came', unknown: [1, { a: null }] } } });
    expect(headers).toMatchObject({ authorization: 'Bearer stored', 'x-both': 'server', 'x-caller': 'caller' });
    expect(headers).not.toHaveProperty('x-hook');
  });

  it('added headers, above all others, which are kept', async () => {
    change = { headers: { 'X-Hook': 'hook', 'x-both': 'hook', 'x-all': 'hook', authorization: 'Bearer signed' } };
    const { headers } = await received();
    expect(headers).toMatchObject({
      ...{ 'x-hook': 'hook', 'x-both': 'hook', 'x-all': 'hook', authorization: 'Bearer signed' },
      ...{ 'x-static': 'server', 'x-caller': 'caller' },
    });
  });

  it('other arguments, in place of the ones of the caller', async () => {
    change = { arguments: { text: 'masked' } };
    const { answer, rpc } = await received({ text: 'secret', more: 1 });
    expect(rpc).toMatchObject({ params: { arguments: { text: 'masked' } } });
    expect(JSON.stringify(upstream.requests.all)).not.toContain('secret');
    expect(answer.json).toMatchObject({ content: [{ text: 'masked' }] });
  });

  it('but headers for a program are refused before anything is sent', async () => {
    change = { headers: { 'x-hook': 'hook' } };
    const rest = await http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}` },
      body: { server_id: 'program', name: 'echo', arguments: { text: 'headed' } },
    });
    expect(rest).toMatchObject({ status: 400, json: { code: 'hook_headers_unsupported' } });
    const url = `${gateway.url}/program/mcp`;
    const call = { client: '2026', url, key: gateway.masterKey, tool: 'echo', arguments: { text: 'headed' } } as const;
    expect((await (await callTool(call)).answer).result).toMatchObject({
      _meta: { 'gatehouse/error': { code: 'hook_headers_unsupported', sent: 'no' } },
    });
    change = { arguments: { text: 'plain' } };
    expect((await (await callTool(call)).answer).result).toMatchObject({ content: [{ text: 'plain' }] });
    expect(readFileSync(recordFile, 'utf8')).not.toContain('headed');
    expect(readFileSync(recordFile, 'utf8')).toContain('plain');
  });
});
