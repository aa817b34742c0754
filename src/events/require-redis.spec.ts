import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import { requireRedis } from './require-redis.js';

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

/** Answers every command with the same reply; no Redis is needed to see its refusals. */
async function redisThatSays(reply: string): Promise<string> {
  const listener = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const commands = String(data).match(/^\*\d+\r$/gm) ?? [];
      socket.write(reply.repeat(commands.length));
    });
  });
  server = listener;
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `redis://canary-user:canary-password@127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

const infoReply = (version: string) => `$${`redis_version:${version}`.length}\r\nredis_version:${version}\r\n`;

async function refusalOf(url: string): Promise<string> {
  const error: unknown = await requireRedis(new Secret(url)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'dependency_unavailable' });
  const { message } = error as Error;
  expect(message).not.toMatch(/canary|\n/);
  return message;
}

describe('a Redis that cannot be used is explained in one line', () => {
  it('nobody listens', async () => {
    const url = await redisThatSays('');
    await new Promise((resolve) => server?.close(resolve));
    expect(await refusalOf(url)).toMatch(/Redis at 127\.0\.0\.1:\d+ refuses connections: start it/);
  });

  it.each([
    ['-WRONGPASS invalid username-password pair or user is disabled.\r\n', /refuses the user name or password/],
    ['-NOAUTH Authentication required.\r\n', /asks for a password/],
    [infoReply('6.0.20'), /is too old: version 6\.2 or later/],
    [infoReply('5.9.0'), /is too old/],
  ])('%j', async (reply, expected) => {
    expect(await refusalOf(await redisThatSays(reply))).toMatch(expected);
  });
});

describe('a Redis that can be used', () => {
  it.each(['6.2.0', '7.0.15', '10.0.1'])('version %s', async (version) => {
    const url = await redisThatSays(infoReply(version));
    await expect(requireRedis(new Secret(url.replace('canary-user:canary-password@', '')))).resolves.toBeUndefined();
  });
});
