import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { ClientGone, readBody } from './read-body.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends the beginning of a request and tells how reading its body ended. */
async function readingOf(timeoutMs: number, then: (end: { abort(): void; finish(): void }) => void): Promise<unknown> {
  let settle: (outcome: unknown) => void = () => undefined;
  const outcome = new Promise((resolve) => (settle = resolve));
  server = createServer((req) => {
    readBody(req, timeoutMs).then(settle, settle);
    then({ abort: () => client.destroy(), finish: () => client.end('two') });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = request({ host: '127.0.0.1', port, method: 'POST' });
  client.on('error', () => undefined);
  client.write('one');
  return outcome;
}

it('joins what arrives in parts', async () => {
  expect(String(await readingOf(10_000, ({ finish }) => finish()))).toBe('onetwo');
});

it('gives up on a body that does not arrive', async () => {
  expect(await readingOf(1, () => undefined)).toMatchObject({
    status: 408,
    headers: { connection: 'close' },
  });
});

it('tells when the client has gone', async () => {
  expect(await readingOf(10_000, ({ abort }) => abort())).toBeInstanceOf(ClientGone);
});
