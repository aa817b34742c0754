import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { TcpProxy } from '../fixtures/tcp-proxy.js';
import { hasRedisServer, RedisServer } from './redis-server.js';

/** A service of one's own behind a proxy: its connections can be cut, and it can go and come back. */
export interface FaultyService {
  /** By way of the proxy. */
  readonly url: string;
  readonly proxy: TcpProxy;
  start(): Promise<void>;
  /** As its operator would: what is committed stays. */
  stop(): Promise<void>;
}

/** A durable PostgreSQL in a directory. */
export async function startPostgres(directory: string): Promise<FaultyService> {
  let server: EmbeddedPostgres = await startEmbeddedPostgres(directory);
  const proxy = await TcpProxy.before(server.url.reveal());
  return {
    url: proxy.url,
    proxy,
    async start() {
      server = await startEmbeddedPostgres(directory);
      proxy.retarget(server.url.reveal());
    },
    stop: () => server.stop(),
  };
}

/** A durable Redis in a directory; null when the machine has none. */
export async function startRedis(directory: string): Promise<FaultyService | null> {
  if (!hasRedisServer()) return null;
  mkdirSync(join(directory, 'redis'), { recursive: true });
  const redis = await RedisServer.start(join(directory, 'redis'));
  const proxy = await TcpProxy.before(redis.url);
  return { url: proxy.url, proxy, start: () => redis.start(), stop: () => redis.stop() };
}
