import { randomUUID } from 'node:crypto';
import { once, EventEmitter } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/test-database.js';
import { Secret } from '../common/secret.js';
import type { EventBus } from './event-bus.js';
import { PostgresEventBus } from './postgres-event-bus.js';
import { RedisEventBus } from './redis-event-bus.js';

type Adapter = EventBus & { onModuleInit(): Promise<void>; onApplicationShutdown(): Promise<void> };

interface Broker {
  readonly name: string;
  open(): Promise<void>;
  close(): Promise<void>;
  bus(): Adapter;
  /** Cuts every event connection, as a restart of the broker would. */
  cut(): Promise<void>;
}

const buses: Adapter[] = [];

afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.onApplicationShutdown()));
});

describe.each(brokers())('events over $name', (broker) => {
  beforeAll(() => broker.open());
  afterAll(() => broker.close());

  async function started(): Promise<Adapter> {
    const bus = broker.bus();
    buses.push(bus);
    await bus.onModuleInit();
    return bus;
  }

  it('reach every process, the publisher too, and only those who asked for the topic', async () => {
    const [one, two] = [await started(), await started()];
    const topic = randomUUID();
    const others: unknown[] = [];
    one.subscribe(randomUUID(), (payload) => void others.push(payload));
    const arrived = Promise.all([next(one, topic), next(two, topic)]);
    await one.publish(topic, { ids: ['a', 'ä'] });
    expect(await arrived).toEqual([{ ids: ['a', 'ä'] }, { ids: ['a', 'ä'] }]);
    expect(others).toEqual([]);
  });

  it('go on to the other subscribers when one of them fails', async () => {
    const bus = await started();
    const topic = randomUUID();
    bus.subscribe(topic, () => Promise.reject(new Error('a broken subscriber')));
    const arrived = next(bus, topic);
    await bus.publish(topic, 1);
    expect(await arrived).toBe(1);
  });

  it('stop after the subscription was ended', async () => {
    const bus = await started();
    const topic = randomUUID();
    const seen: unknown[] = [];
    const end = bus.subscribe(topic, (payload) => void seen.push(payload));
    end();
    const fence = next(bus, `${topic}-fence`);
    await bus.publish(topic, 1);
    await bus.publish(`${topic}-fence`, 2);
    await fence;
    expect(seen).toEqual([]);
  });

  it('come again after the connection was cut, and whoever keeps copies is told', async () => {
    const bus = await started();
    const topic = randomUUID();
    const signals = new EventEmitter();
    bus.onReconnect(() => void signals.emit('reconnected'));
    const reconnected = once(signals, 'reconnected');
    await broker.cut();
    await reconnected;
    const arrived = next(bus, topic);
    await bus.publish(topic, 'after');
    expect(await arrived).toBe('after');
  });
});

describe('events over PostgreSQL', () => {
  it('are refused when they are too large for a notification', async () => {
    const broker = postgres(embeddedUrl());
    await broker.open();
    const bus = broker.bus();
    await bus.onModuleInit();
    await expect(bus.publish('large', 'x'.repeat(8_000))).rejects.toThrow('payload string too long');
    await bus.onApplicationShutdown();
    await broker.close();
  });
});

function next(bus: EventBus, topic: string): Promise<unknown> {
  return new Promise((resolve) => {
    const end = bus.subscribe(topic, (payload) => {
      end();
      resolve(payload);
    });
  });
}

function brokers(): Broker[] {
  const { GATEHOUSE_TEST_POSTGRES_URL: external, GATEHOUSE_TEST_REDIS_URL: redisUrl } = process.env;
  return [
    postgres(embeddedUrl()),
    ...(external === undefined ? [] : [{ ...postgres(external), name: 'another PostgreSQL' }]),
    ...(redisUrl === undefined ? [] : [redis(redisUrl)]),
  ];
}

function embeddedUrl(): string {
  const url = process.env.GATEHOUSE_TEST_EMBEDDED_URL;
  if (url === undefined) throw new Error('the global set-up did not start PostgreSQL');
  return url;
}

function postgres(serverUrl: string): Broker {
  let database: TestDatabase;
  return {
    name: 'PostgreSQL',
    open: async () => {
      database = await createTestDatabase(serverUrl);
    },
    close: () => database.drop(),
    bus: () => new PostgresEventBus(new Secret(database.url)),
    cut: async () => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'gatehouse-events'`,
      );
      await client.end();
    },
  };
}

/** Through a relay: a Redis of the machine has other clients, and only the connections of this test may be cut. */
function redis(url: string): Broker {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const relay = createServer((inward) => {
    const outward = connect(Number(target.port || 6379), target.hostname);
    for (const socket of [inward, outward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    }
    inward.pipe(outward).pipe(inward);
  });
  const cut = async (): Promise<void> => sockets.forEach((socket) => socket.destroy());
  return {
    name: 'Redis',
    open: () => new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve)),
    close: async () => {
      await cut();
      relay.close();
    },
    bus: () => {
      const through = new URL(url);
      through.host = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
      return new RedisEventBus(new Secret(through.href));
    },
    cut,
  };
}
