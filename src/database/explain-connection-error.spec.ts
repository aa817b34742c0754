import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import { explainConnectionError } from './explain-connection-error.js';
import { migrateLocked, UnsupportedServerError } from './migrate.js';

const server = new URL(process.env.GATEHOUSE_TEST_EMBEDDED_URL ?? '');

function variant(change: (url: URL) => void): string {
  const url = new URL(server);
  change(url);
  return url.href;
}

async function unusedPort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

async function refusalOf(url: string): Promise<string> {
  const error: unknown = await migrateLocked(new Secret(url)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'DatabaseUnavailableError', code: 'dependency_unavailable' });
  return (error as Error).message;
}

describe('a database that cannot be used is explained in one line', () => {
  it('wrong password', async () => {
    const message = await refusalOf(variant((url) => (url.password = 'canary-password')));
    expect(message).toMatch(/refuses the user name or password of DATABASE_URL/);
    expect(message).not.toMatch(/canary|\n/);
  });

  it('no such user', async () => {
    const message = await refusalOf(variant((url) => (url.username = 'canary_user')));
    expect(message).toMatch(/refuses the user name or password/);
    expect(message).not.toContain('canary');
  });

  it('no such database', async () => {
    const message = await refusalOf(variant((url) => (url.pathname = '/canary_database')));
    expect(message).toMatch(/does not have the database/);
    expect(message).not.toContain('canary');
  });

  it('nobody listens', async () => {
    const port = await unusedPort();
    const message = await refusalOf(variant((url) => (url.port = String(port))));
    expect(message).toContain(`PostgreSQL at 127.0.0.1:${port} refuses connections`);
  });

  it('a server that is too old', () => {
    const { message } = explainConnectionError(new UnsupportedServerError(), new Secret(server.href));
    expect(message).toContain('version 14 or later');
  });

  it('anything else, without what the URL holds', () => {
    const url = 'postgres://canary-user:canary%40pass@db.lan/gatehouse';
    const error = new Error(`cannot use ${url} as canary-user with canary@pass\nat line 2`);
    const { message } = explainConnectionError(error, new Secret(url));
    expect(message).toContain('db.lan:5432');
    expect(message).not.toMatch(/canary|\n/);
  });
});
