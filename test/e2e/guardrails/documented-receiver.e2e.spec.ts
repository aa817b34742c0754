import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { signatureHeaders } from '../../../src/guardrails/webhook/webhook-signature.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { REST_DOOR } from '../doors/rest-door.js';
import { availableBackends } from '../support/backends.js';
import { builtIn } from '../support/built-in.js';
import { http } from '../support/http.js';
import { registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const PORT_OF_THE_DOCUMENT = 'listen(8080)';

let directory: string;
let receiver: ChildProcess;
let url: string;
let gateway: TestGateway;
let upstream: RecordingHttpUpstream;

/** The receiver as docs/guardrails.md prints it. */
function documentedReceiver(): string {
  const blocks = readFileSync('docs/guardrails.md', 'utf8').split('```');
  const code = blocks.find((block) => block.startsWith('js\n') && block.includes(PORT_OF_THE_DOCUMENT));
  if (code === undefined) throw new Error('docs/guardrails.md has no receiver');
  return code.slice('js\n'.length);
}

async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('there is no backend');
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-receiver-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}/mcp`;
  const file = join(directory, 'receiver.mjs');
  writeFileSync(file, documentedReceiver().replace(PORT_OF_THE_DOCUMENT, `listen(${port}, '127.0.0.1')`));
  receiver = spawn(process.execPath, [file], { env: { DLP_SECRET: SECRET }, stdio: 'ignore' });
  upstream = await RecordingHttpUpstream.start({ era: '2026' });
  gateway = await startTestGateway(backend, {
    config: {
      guardrails: [builtIn('dlp', 'webhook', { url, secret: SECRET }, { defaultOn: true, timeoutMs: 10_000 })],
    },
  });
  await registerServer(gateway, { alias: 'up', url: upstream.url });
  for (let round = 0; round < 500; round++) {
    if ((await http(url, { method: 'POST', body: '{}' }).catch(() => null)) !== null) return;
    await delay(20);
  }
});
afterAll(async () => {
  receiver.kill('SIGKILL');
  await gateway.close();
  await upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

const call = (text: string) =>
  REST_DOOR.call(gateway.url, {
    ...{ key: gateway.masterKey, server: 'up', tool: 'echo', arguments: { text }, requestId: 'receiver' },
  });

it('the documented receiver takes the questions of the gateway, and decides', async () => {
  expect((await call('public')).kind).toBe('ok');
  expect(upstream.callCount).toBe(1);
  expect(await call('confidential')).toMatchObject({ code: 'guardrail_denied', text: 'that is confidential' });
  expect(upstream.callCount).toBe(1);
});

it('the documented receiver refuses what is forged, changed, old or there for the second time', async () => {
  const body = JSON.stringify({ id: 'msg_1', call: { arguments: {} } });
  const now = Math.floor(Date.now() / 1000);
  const statusOf = async (id: string, timestamp: number, sent = body, secret = SECRET) => {
    const headers = signatureHeaders([secret], { id, timestamp, body });
    return (await http(url, { method: 'POST', headers, body: sent })).status;
  };
  expect(await statusOf('msg_1', now)).toBe(200);
  expect(await statusOf('msg_1', now)).toBe(401);
  expect(await statusOf('msg_2', now - 1000)).toBe(401);
  expect(await statusOf('msg_3', now, `${body} `)).toBe(401);
  expect(await statusOf('msg_4', now, body, 'x'.repeat(32))).toBe(401);
  expect((await http(url, { method: 'POST', body })).status).toBe(401);
});
