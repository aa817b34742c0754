import pg from 'pg';
import { KeyDirectory } from '../../../dist/src/auth/key-directory.js';
import { LevelDirectory } from '../../../dist/src/auth/levels/level-directory.js';
import { PrincipalAssembler } from '../../../dist/src/auth/principal-assembler.js';
import { ToolResolver } from '../../../dist/src/catalog/tool-resolver.js';
import { PolicyService } from '../../../dist/src/permissions/policy.service.js';
import { KEYS, mayCall, serversOf, SERVERS, tokenOf, TOOLS_PER_SERVER, touchWidest, WIDEST } from './population.mjs';

const REQUEST = { route: '/mcp', scope: { kind: 'all' }, serversHeader: null, external: false };
/** Decisions before the first that counts: machine code for everything takes thousands. */
const WARM_UP = 5_000;
const COLD = 4_000;
const WIDEST_WARM_UP = 60;
const WIDEST_COLD = 41;
const MEMOISED_CALLERS = 1_000;
const MEMOISED_ROUNDS = 200;
const MEMOISED_BATCHES = 15;

/** Times decisions on calls: from a known key to the tool that may be called. */
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
    const order = Array.from({ length: KEYS }, (_, index) => (index * 7_919) % KEYS);
    const calls = order
      .filter(mayCall)
      .slice(0, WARM_UP + COLD)
      .map(callOf);
    for (const call of calls.slice(0, WARM_UP)) this.decide(call);
    const cold = timesOf(calls.slice(WARM_UP), (call) => this.decide(call));
    const memoised = this.measureMemoised(calls.slice(WARM_UP, WARM_UP + MEMOISED_CALLERS));
    const widest = await this.measureWidest();
    return { coldMicros: median(cold), coldP99Micros: quantile(cold, 0.99), ...memoised, ...widest };
  }

  /** The decision on one call; an ordinary key may call what it calls here. */
  decide({ token, name, customer }) {
    const principal = this.assembler.ofKey(this.keys.find(token), customer);
    const access = this.policy.access(principal, REQUEST);
    const target = access.granted ? this.resolver.resolve(name, access) : undefined;
    if (target === undefined || target instanceof Promise || !target.access.allowsTool(target.tool.name)) {
      throw new Error(`${name} is not granted to ${token}`);
    }
    return target;
  }

  measureMemoised(calls) {
    const perCall = (act) => {
      const batches = Array.from({ length: MEMOISED_BATCHES }, () => perRound(calls, act));
      return median(batches);
    };
    const decisions = calls.map((call) => {
      const principal = this.assembler.ofKey(this.keys.find(call.token), null);
      return { access: this.policy.access(principal, REQUEST), name: call.name };
    });
    return {
      memoisedMicros: perCall((call) => this.decide(call)),
      resolveMicros: median(
        Array.from({ length: MEMOISED_BATCHES }, () =>
          perRound(decisions, ({ name, access }) => this.resolver.resolve(name, access)),
        ),
      ),
    };
  }

  /** Each time all six levels have just been changed, so nothing of them is known. */
  async measureWidest() {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    const figures = {};
    for (const name of WIDEST) {
      const times = [];
      for (let round = 0; round < WIDEST_WARM_UP + WIDEST_COLD; round++) {
        const changed = await touchWidest(client, name);
        await Promise.all([this.levels.apply({ changed, version: 0 }), this.keys.apply([tokenOf(name)], 0)]);
        const call = { token: tokenOf(name), customer: name, name: publicName(round % SERVERS, 0) };
        times.push(microsOf(() => this.decide(call)));
      }
      const cold = times.slice(WIDEST_WARM_UP);
      Object.assign(figures, { [`${name}Micros`]: median(cold), [`${name}P90Micros`]: quantile(cold, 0.9) });
    }
    await client.end();
    return figures;
  }
}

/** A call that the key may make: the lowest tools are in every list. */
function callOf(key) {
  const servers = serversOf(key);
  return { token: tokenOf(key), customer: null, name: publicName(servers[key % servers.length], key % 4) };
}

export function publicName(server, tool) {
  return `scale${server}-tool_${tool}`;
}

function timesOf(calls, act) {
  return calls.map((call) => microsOf(() => act(call)));
}

function microsOf(act) {
  const startedAt = process.hrtime.bigint();
  act();
  return Number(process.hrtime.bigint() - startedAt) / 1000;
}

function perRound(items, act) {
  const startedAt = process.hrtime.bigint();
  for (let round = 0; round < MEMOISED_ROUNDS / 10; round++) for (const item of items) act(item);
  return Number(process.hrtime.bigint() - startedAt) / 1000 / (items.length * (MEMOISED_ROUNDS / 10));
}

function median(values) {
  return quantile(values, 0.5);
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
