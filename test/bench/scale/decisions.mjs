import pg from 'pg';
import { KeyDirectory } from '../../../dist/src/auth/key-directory.js';
import { LevelDirectory } from '../../../dist/src/auth/levels/level-directory.js';
import { PrincipalAssembler } from '../../../dist/src/auth/principal-assembler.js';
import { ToolResolver } from '../../../dist/src/catalog/tool-resolver.js';
import { PolicyService } from '../../../dist/src/permissions/policy.service.js';
import { quantile } from '../statistics.mjs';
import { KEYS, mayCall, serversOf, SERVERS, tokenOf, touchWidest, WIDEST } from './population.mjs';

const REQUEST = { route: '/mcp', scope: { kind: 'all' }, serversHeader: null, external: false };
/** Decisions before the first that counts: machine code for everything takes thousands. */
const WARM_UP = 5_000;
const COLD = 4_000;
const WIDEST_ROUNDS = 41;
/** Decisions of ordinary callers before each of a widest one, which does not come to an idle processor either. */
const CALLS_BETWEEN = 100;
const MEMOISED_CALLERS = 1_000;
const BATCHES = 301;

/** Times decisions on calls inside of a running gateway: from a known key to the tool that it may call. */
export class Decisions {
  constructor(app, databaseUrl) {
    const get = (type) => app.get(type, { strict: false });
    this.keys = get(KeyDirectory);
    this.levels = get(LevelDirectory);
    this.assembler = get(PrincipalAssembler);
    this.policy = get(PolicyService);
    this.resolver = get(ToolResolver);
    this.databaseUrl = databaseUrl;
  }

  /** @returns microseconds of each kind of decision */
  async measure() {
    const calls = keysInTurn().map(callOf);
    for (const call of calls.splice(0, WARM_UP)) this.decide(call);
    const cold = calls.splice(0, COLD);
    const times = cold.map((call) => microsOf(() => this.decide(call)));
    return {
      coldMicros: quantile(times, 0.5),
      coldP99Micros: quantile(times, 0.99),
      ...this.measureMemoised(cold.slice(0, MEMOISED_CALLERS)),
      ...(await this.measureWidest(calls)),
    };
  }

  /** Has every key decided on once. */
  useEveryKey() {
    for (const call of keysInTurn().map(callOf)) this.decide(call);
  }

  decide({ token, name, customer }) {
    const principal = this.assembler.ofKey(this.keys.find(token), customer);
    const access = this.policy.access(principal, REQUEST);
    const target = access.granted ? this.resolver.resolve(name, access) : undefined;
    if (target === undefined || target instanceof Promise || !target.access.allowsTool(target.tool.name)) {
      throw new Error(`${name} is not granted to ${token}`);
    }
  }

  measureMemoised(calls) {
    for (const call of calls) this.decide(call);
    const resolutions = calls.map(({ token, name }) => {
      return { name, access: this.policy.access(this.assembler.ofKey(this.keys.find(token), null), REQUEST) };
    });
    return {
      memoisedMicros: microsPerItem(calls, (call) => this.decide(call)),
      resolveMicros: microsPerItem(resolutions, ({ name, access }) => this.resolver.resolve(name, access)),
    };
  }

  /** Before each of these decisions all six levels of the caller change, so nothing of them is remembered. */
  async measureWidest(others) {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    const figures = {};
    for (const [figure, name] of Object.entries(WIDEST)) {
      const times = [];
      for (let round = 0; round < WIDEST_ROUNDS; round++) {
        const changed = await touchWidest(client, name);
        await Promise.all([this.levels.apply({ changed, version: 0 }), this.keys.apply([tokenOf(name)], 0)]);
        for (const other of others.splice(0, CALLS_BETWEEN)) this.decide(other);
        const call = { token: tokenOf(name), customer: name, name: publicName((round * 37) % SERVERS, 0) };
        times.push(microsOf(() => this.decide(call)));
      }
      figures[figure] = quantile(times, 0.5);
    }
    await client.end();
    return figures;
  }
}

/** All keys that may call something, in an order that no table has. */
function keysInTurn() {
  return Array.from({ length: KEYS }, (_, index) => (index * 7_919) % KEYS).filter(mayCall);
}

/** A call that the key may make: the first tools are in every list. */
function callOf(key) {
  const servers = serversOf(key);
  return { token: tokenOf(key), customer: null, name: publicName(servers[key % servers.length], key % 4) };
}

function publicName(server, tool) {
  return `scale${server}-tool_${tool}`;
}

function microsOf(act) {
  const startedAt = process.hrtime.bigint();
  act();
  return Number(process.hrtime.bigint() - startedAt) / 1000;
}

/** CPU time, all threads; median over batches that are short enough to run in one go. */
function microsPerItem(items, act) {
  const batches = Array.from({ length: BATCHES }, () => {
    const before = process.cpuUsage();
    items.forEach(act);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / items.length;
  });
  return quantile(batches, 0.5);
}
