import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Secret } from '../../../src/common/secret.js';
import { RedisCallCounters } from '../../../src/limits/redis-call-counters.js';

Logger.overrideLogger(false);

/** Stands between a client and Redis and can be cut. */
class Cable {
  private readonly sockets = new Set<net.Socket>();

  private constructor(private readonly server: net.Server) {}

  static async to(redisUrl: string): Promise<Cable> {
    const { hostname, port } = new URL(redisUrl);
    const server = net.createServer();
    const cable = new Cable(server);
    server.on('connection', (client) => {
      const redis = net.connect({ host: hostname, port: Number(port || 6379) });
      for (const socket of [client, redis]) cable.keep(socket);
      client.pipe(redis).pipe(client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cable;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async cut(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private keep(socket: net.Socket): void {
    this.sockets.add(socket);
    // The other end may go first; that is what this is for.
    socket.on('error', () => socket.destroy());
  }
}

/** Those that there are: the Redis of the machine, or none. */
const REDIS_URLS = [process.env.GATEHOUSE_TEST_REDIS_URL].filter((url) => url !== undefined);

describe('RedisCallCounters without Redis', () => {
  it('count for this process alone, and say so', async () => {
    const counters = new RedisCallCounters(new Secret('redis://127.0.0.1:1'));
    const counter = randomUUID();
    await expect(counters.count(counter)).resolves.toMatchObject({ used: 1, complete: false });
    const second = await counters.count(counter);
    expect(second).toMatchObject({ used: 2, complete: false });
    await counters.takeBack(counter, second);
    await expect(counters.count(counter)).resolves.toMatchObject({ used: 2, complete: false });
    counters.onApplicationShutdown();
  });
});

for (const redisUrl of REDIS_URLS) {
  describe('RedisCallCounters', () => {
    const started: RedisCallCounters[] = [];

    async function replica(url: string = redisUrl): Promise<RedisCallCounters> {
      const counters = new RedisCallCounters(new Secret(url));
      await counters.onModuleInit();
      started.push(counters);
      return counters;
    }

    afterEach(() => {
      for (const counters of started.splice(0)) counters.onApplicationShutdown();
    });

    it('count over replicas, exactly, also at the same time', async () => {
      const replicas = [await replica(), await replica()];
      const counter = randomUUID();
      const counts = await Promise.all(
        Array.from({ length: 100 }, (_, index) => replicas[index % 2]?.count(counter) ?? Promise.reject(new Error())),
      );
      expect(counts.every(({ complete }) => complete)).toBe(true);
      expect(counts.map(({ used }) => used).toSorted((a, b) => a - b)).toEqual(counts.map((_, index) => index + 1));
      expect(counts.every(({ msToNextWindow }) => msToNextWindow > 0 && msToNextWindow <= 60_000)).toBe(true);
    });

    it('take back what was counted', async () => {
      const counters = await replica();
      const counter = randomUUID();
      await counters.takeBack(counter, await counters.count(counter));
      await expect(counters.count(counter)).resolves.toMatchObject({ used: 1, complete: true });
    });

    it('leave a window alone that is about to end', async () => {
      const counters = await replica();
      const counter = randomUUID();
      await counters.takeBack(counter, { ...(await counters.count(counter)), msToNextWindow: 500 });
      await expect(counters.count(counter)).resolves.toMatchObject({ used: 2 });
    });

    it('go on alone when Redis is lost', async () => {
      const cable = await Cable.to(redisUrl);
      const counters = await replica(cable.url);
      const counter = randomUUID();
      await expect(counters.count(counter)).resolves.toMatchObject({ used: 1, complete: true });
      await cable.cut();
      await expect(counters.count(counter)).resolves.toMatchObject({ used: 1, complete: false });
      await expect(counters.count(counter)).resolves.toMatchObject({ used: 2, complete: false });
    });
  });
}
