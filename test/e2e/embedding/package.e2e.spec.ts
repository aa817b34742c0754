import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http } from '../support/http.js';
import { makeKey, registerServer } from '../support/management.js';
import { PackedPackage } from './packed-package.js';

const JEST = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
const TSC = 'node_modules/typescript/bin/tsc';
/** A code block that the line before it names: "`no-deletes.mjs`:". */
const NAMED_BLOCK = /`([\w.-]+\.(?:mjs|ts|json))`[^\n]*:\n\n```\w+\n([^]*?)\n```/g;

let installed: PackedPackage;

beforeAll(async () => {
  installed = await PackedPackage.install(['typescript', 'jest', '@types/node', '@types/jest']);
}, 120_000);
afterAll(() => installed?.remove());

/** Writes the files of a document into a folder of the author, and returns their names. */
function writeFilesOf(document: string, folder: string): string[] {
  const directory = join(installed.directory, folder);
  mkdirSync(directory, { recursive: true });
  const text = readFileSync(join(installed.directory, 'node_modules/gatehouse/docs', document), 'utf8');
  return [...text.matchAll(NAMED_BLOCK)].map(([, name = '', content = '']) => {
    writeFileSync(join(directory, name), content);
    return name;
  });
}

describe('the packed package', () => {
  it('holds what it exports and nothing of the tests', async () => {
    const script = `
      const main = await import('gatehouse');
      const kit = await import('gatehouse/testing');
      console.log([...Object.keys(main), ...Object.keys(kit)].sort().join());
      await import('gatehouse/dist/src/app.module.js').catch((error) => console.log(error.code));`;
    const { output } = await installed.node(['--input-type=module', '-e', script]);
    expect(output).toContain(
      'GatehouseModule,GuardrailTest,GuardrailViolation,MCP_CALL_GUARDS,MCP_CALL_INTERCEPTORS,' +
        'McpExecutionContext,McpHook,tryCall,tryList',
    );
    expect(output).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    const files = await installed.node([
      '-e',
      `console.log(fs.readdirSync('node_modules/gatehouse', { recursive: true }).join())`,
    ]);
    expect(files.output).not.toMatch(/\.spec\.|\.map|test\/|tsbuildinfo/);
  });

  it('runs the JavaScript of docs/guardrails.md as it is written there', async () => {
    const files = writeFilesOf('guardrails.md', 'plain');
    expect(files).toEqual(
      expect.arrayContaining(['no-deletes.mjs', 'no-deletes.test.mjs', 'recorder.mjs', 'discretion.mjs']),
    );
    const { code, output } = await installed.node([...JEST, 'plain']);
    expect(output).toContain('deleting is refused');
    expect(code).toBe(0);
    const script = `
      import { tryCall } from 'gatehouse/testing';
      import Recorder from './recorder.mjs';
      import Discretion from './discretion.mjs';
      import { readFileSync } from 'node:fs';
      const call = { tool: 'echo', arguments: { message: ' hi ' }, result: ({ arguments: { message } }) =>
        ({ content: [{ type: 'text', text: message + '12345' }] }) };
      await tryCall([Discretion, Recorder], call);
      const recorded = JSON.parse(readFileSync('calls.jsonl', 'utf8'));
      console.log(JSON.stringify((await tryCall(Discretion, recorded)).result));`;
    const recorded = await installed.node(['--input-type=module', '-e', script], 'plain');
    expect(recorded.output).toContain('{"content":[{"type":"text","text":"hi****"}]}');
  }, 60_000);

  it('compiles and runs the TypeScript of docs/guardrails.md', async () => {
    const files = writeFilesOf('guardrails.md', 'typed');
    expect(files).toEqual(expect.arrayContaining(['no-deletes.ts', 'tsconfig.json']));
    const typed = join(installed.directory, 'typed');
    writeFileSync(join(typed, 'package.json'), '{"type":"module"}');
    const test = readFileSync(join(typed, 'no-deletes.test.mjs'), 'utf8').replace('.mjs', '.js');
    writeFileSync(join(typed, 'no-deletes.test.ts'), test);
    expect(await installed.node([join(installed.directory, TSC)], 'typed')).toEqual({ code: 0, output: '' });
    const { code, output } = await installed.node([...JEST, 'typed/dist']);
    expect(output).toContain('deleting is refused');
    expect(code).toBe(0);
  }, 60_000);
});

describe('examples/embedded', () => {
  const [backend] = availableBackends();
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    const target = join(installed.directory, 'shop');
    cpSync('examples/embedded', target, { recursive: true, filter: (path) => !/node_modules|dist/.test(path) });
    const built = await installed.node([join(installed.directory, TSC)], 'shop');
    if (built.code !== 0) throw new Error(built.output);
    upstream = await RecordingHttpUpstream.start({ era: '2026', echoes: ['refund'] });
  }, 60_000);
  beforeEach(() => upstream.requests.clear());
  afterAll(() => upstream?.close());

  it('passes its own tests', async () => {
    const { code, output } = await installed.node(['--test', 'dist/'], 'shop');
    expect(output).toMatch(/pass 2\b/);
    expect(code).toBe(0);
  }, 60_000);

  it('serves its own routes and, behind its guardrail, those of the gateway', async () => {
    const database = await backend!.createDatabase();
    const masterKey = `sk-${randomBytes(24).toString('hex')}`;
    const environment = { PORT: '0', SHOP_MASTER_KEY: masterKey, SHOP_DATABASE_URL: database.url };
    const { child, found: url } = await installed.start(['dist/main.js'], 'shop', environment, /ready at (\S+),/);
    try {
      expect((await http(`${url}/refunds/policy`)).json).toEqual({ highest: 100 });
      const base = `${url}/gatehouse`;
      const headers = { authorization: `Bearer ${masterKey}` };
      const admin = {
        admin: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
          http(`${base}${path}`, { method, headers, body }),
      };
      await registerServer(admin, { server_name: 'bank', url: upstream.url });
      const key = await makeKey(admin, { mcp_servers: ['bank'] });
      const refund = (amount: number) =>
        http(`${base}/bank/mcp`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, accept: 'application/json, text/event-stream' },
          body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'refund', arguments: { amount } } },
        });
      const large = await refund(2000);
      expect(upstream.callCount).toBe(0);
      expect(large.text).toContain('Refunds of this size need a person');
      await refund(20);
      expect(upstream.requests.of('tools/call')[0]?.headers).toMatchObject({ 'x-refund-checked': 'yes' });
    } finally {
      child.kill('SIGTERM');
      await once(child, 'close');
      await database.drop();
    }
  }, 60_000);
});
