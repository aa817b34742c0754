import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config, OutboundAllowEntry } from '../config/config.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { addressPolicy } from './address-policy.js';
import { OutboundClient } from './outbound-client.js';

const LOOPBACK: readonly OutboundAllowEntry[] = [
  { kind: 'cidr', cidr: '127.0.0.0/8' },
  { kind: 'cidr', cidr: '::1/128' },
];

function client(outboundAllow: readonly OutboundAllowEntry[]): OutboundClient {
  return new OutboundClient({ outboundAllow } as Config);
}

describe('which addresses may be reached', () => {
  const nothingListed = addressPolicy([]);
  const everythingListed = addressPolicy([
    { kind: 'cidr', cidr: '0.0.0.0/0' },
    { kind: 'cidr', cidr: '::/0' },
  ]);

  it.each(['8.8.8.8', '2606:4700::1111'])('%s is public', (address) => {
    expect(nothingListed.allowsAddress(address)).toBe(true);
  });

  it.each(['10.0.0.1', '172.16.0.1', '192.168.1.1', '127.0.0.1', '100.64.0.1', 'fd00::1', '::1', '::ffff:10.0.0.1'])(
    '%s must be listed',
    (address) => {
      expect(nothingListed.allowsAddress(address)).toBe(false);
      expect(everythingListed.allowsAddress(address)).toBe(true);
    },
  );

  it.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    'fd00:ec2::254',
    '::7f00:1',
    '::a9fe:a9fe',
    'fe80::1',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'not an address',
  ])('%s is never reached', (address) => {
    expect(everythingListed.allowsAddress(address)).toBe(false);
    expect(everythingListed.isAlwaysBlocked(address)).toBe(true);
  });
});

describe('requests', () => {
  let server: Server;
  let port: number;
  let hits: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits++;
      if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
      else response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    hits = 0;
  });

  it.each(['localhost', '127.0.0.1', '2130706433', '0x7f.1', '127.1', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'never reach %s when it is not listed',
    async (host) => {
      const outbound = client([]);
      const { origin } = new URL(`http://${host}:${port}`);
      const attempt = outbound.dispatcherFor(origin).request({ path: '/', method: 'GET' });
      await expect(attempt).rejects.toMatchObject({ code: 'OUTBOUND_BLOCKED' });
      await expect(outbound.checkUrl(`http://${host}:${port}/`)).rejects.toThrow(GatehouseError);
      await outbound.onApplicationShutdown();
      expect(hits).toBe(0);
    },
  );

  it.each([
    ['a listed range', LOOPBACK],
    ['a listed host', [{ kind: 'host', host: 'localhost', port: null }]],
  ] as [string, OutboundAllowEntry[]][])('reach localhost by %s', async (_, allow) => {
    const outbound = client(allow);
    const { origin } = new URL(`http://localhost:${port}`);
    await outbound.checkUrl(`${origin}/mcp`);
    const answer = await outbound.dispatcherFor(origin).request({ path: '/', method: 'GET' });
    expect(await answer.body.text()).toBe('ok');
    await outbound.onApplicationShutdown();
  });

  it('do not take a listed host for another port of it', async () => {
    const outbound = client([{ kind: 'host', host: 'localhost', port: port + 1 }]);
    const attempt = outbound.dispatcherFor(`http://localhost:${port}`).request({ path: '/', method: 'GET' });
    await expect(attempt).rejects.toMatchObject({ code: 'OUTBOUND_BLOCKED' });
    await outbound.onApplicationShutdown();
    expect(hits).toBe(0);
  });

  it('follow no redirect', async () => {
    const outbound = client(LOOPBACK);
    const answer = await outbound
      .dispatcherFor(`http://127.0.0.1:${port}`)
      .request({ path: '/redirect', method: 'GET' });
    await answer.body.dump();
    await outbound.onApplicationShutdown();
    expect(answer.statusCode).toBe(302);
    expect(hits).toBe(1);
  });
});

describe('URLs to be stored', () => {
  it.each([
    ['ftp://example.com', 'http or https'],
    ['file:///etc/passwd', 'http or https'],
    ['javascript:alert(1)', 'http or https'],
    ['nonsense', 'http or https'],
    ['http://user:pass@127.0.0.1/', 'user name'],
    ['http://127.0.0.1:0/', 'port 0'],
    ['http://169.254.169.254/latest/meta-data', 'OUTBOUND_ALLOW'],
  ])('%s is refused', async (url, reason) => {
    const refusal: unknown = await client(LOOPBACK)
      .checkUrl(url)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'invalid_request', faults: [{ path: 'url' }] });
    expect((refusal as GatehouseError).faults[0]?.message).toContain(reason);
  });
});
