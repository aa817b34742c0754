import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ChangeFollower } from './change-follower.js';

/** Stored data of which every write moves the version, as the database has it. */
class Stored {
  version = 0;
  readonly values = new Map<string, number>();
  readonly copy = new Map<string, number>();
  fullLoads = 0;
  failing = false;
  /** Runs when the version has been read and not handed over yet. */
  afterVersion: () => Promise<void> | void = () => undefined;
  /** Runs while a full load has read its data and has not handed it over yet. */
  duringFullLoad: () => Promise<void> | void = () => undefined;

  readonly follower = new ChangeFollower({
    name: 'test',
    readVersion: async () => {
      const version = this.readVersion();
      await this.afterVersion();
      return version;
    },
    loadAll: async () => {
      this.fullLoads += 1;
      const read = [...this.values];
      await this.duringFullLoad();
      this.copy.clear();
      for (const [id, value] of read) this.copy.set(id, value);
    },
    loadSome: async (ids) => {
      for (const id of ids) {
        const value = this.values.get(id);
        if (value === undefined) this.copy.delete(id);
        else this.copy.set(id, value);
      }
    },
  });

  write(id: string, value: number): number {
    this.values.set(id, value);
    this.version += 1;
    return this.version;
  }

  private readVersion(): number {
    if (this.failing) throw new Error('the database is away');
    return this.version;
  }
}

describe('ChangeFollower', () => {
  const stored: Stored[] = [];
  const started = async (): Promise<Stored> => {
    const data = new Stored();
    stored.push(data);
    data.write('a', 1);
    await data.follower.start();
    return data;
  };
  afterEach(async () => {
    for (const data of stored.splice(0)) await data.follower.stop();
  });

  it('is fresh and complete once it has started, and not before', async () => {
    const data = new Stored();
    expect(data.follower.isFresh()).toBe(false);
    data.write('a', 1);
    await data.follower.start();
    stored.push(data);
    expect(data.follower.isFresh()).toBe(true);
    expect(data.copy.get('a')).toBe(1);
  });

  it('rejects the start when the first load fails', async () => {
    const data = new Stored();
    data.failing = true;
    await expect(data.follower.start()).rejects.toThrow('the database is away');
  });

  it('takes over an announced write alone, and then has nothing to poll for', async () => {
    const data = await started();
    await data.follower.apply(['a'], data.write('a', 2));
    await data.follower.poll();
    expect(data.copy.get('a')).toBe(2);
    expect(data.fullLoads).toBe(1);
  });

  it('finds a write that was not announced with the next poll', async () => {
    const data = await started();
    data.write('b', 7);
    await data.follower.poll();
    expect(data.copy.get('b')).toBe(7);
    expect(data.fullLoads).toBe(2);
  });

  it('finds a lost announcement even when a later one arrived', async () => {
    const data = await started();
    data.write('lost', 1);
    await data.follower.apply(['a'], data.write('a', 2));
    expect(data.copy.has('lost')).toBe(false);
    await data.follower.poll();
    expect(data.copy.get('lost')).toBe(1);
  });

  it('needs no full load when announcements arrive in another order', async () => {
    const data = await started();
    const first = data.write('a', 2);
    const second = data.write('b', 3);
    await data.follower.apply(['b'], second);
    await data.follower.apply(['a'], first);
    await data.follower.poll();
    expect(data.fullLoads).toBe(1);
    expect([...data.copy]).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });

  it('needs no full load for a write that is announced while a poll looks', async () => {
    const data = await started();
    const version = data.write('a', 2);
    const polled = data.follower.poll();
    await Promise.all([polled, data.follower.apply(['a'], version)]);
    expect(data.copy.get('a')).toBe(2);
    expect(data.fullLoads).toBe(1);
  });

  it('needs no full load when a write is applied after the version was read', async () => {
    const data = await started();
    data.afterVersion = () => {
      data.afterVersion = () => undefined;
      return data.follower.apply(['a'], data.write('a', 2));
    };
    await data.follower.poll();
    expect(data.fullLoads).toBe(1);
  });

  it('loads everything when the stored data went back to an earlier state', async () => {
    const data = await started();
    await data.follower.apply(['a'], data.write('a', 2));
    data.values.set('a', 1);
    data.version = 1;
    await data.follower.poll();
    expect(data.copy.get('a')).toBe(1);
  });

  it('finds a write that was not announced by its regular polls', async () => {
    const data = await started();
    data.write('lost', 1);
    const deadline = performance.now() + 5_000;
    while (!data.copy.has('lost') && performance.now() < deadline) await setTimeout(50);
    expect(data.copy.get('lost')).toBe(1);
  });

  it('is not overtaken by a full load that read older data', async () => {
    const data = await started();
    let applied: Promise<void> = Promise.resolve();
    data.duringFullLoad = () => {
      data.duringFullLoad = () => undefined;
      applied = data.follower.apply(['a'], data.write('a', 9));
    };
    await data.follower.reload();
    await applied;
    expect(data.copy.get('a')).toBe(9);
  });

  it('survives a failing poll and goes on', async () => {
    const data = await started();
    data.failing = true;
    await data.follower.poll();
    data.failing = false;
    data.write('a', 5);
    await data.follower.poll();
    expect(data.copy.get('a')).toBe(5);
  });
});
