import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, type Dispatcher } from 'undici';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';
import { addressPolicy, type AddressPolicy } from './address-policy.js';
import { guardedConnector } from './guarded-connector.js';

/**
 * Connections to one origin. Each call whose client is thinking keeps one open, so there are more than calls that may
 * be parked: what ends them, and everybody else's calls, needs one too.
 */
const CONNECTIONS = 1_024;
/** Streams to one origin that stay open. They have connections of their own, or calls would wait for them. */
const STREAM_CONNECTIONS = 4_096;
const KEEP_ALIVE_MS = 30_000;

/**
 * The one HTTP client that leaves the house: pooled connections per origin, every address checked against
 * OUTBOUND_ALLOW when it is connected to, no redirects. Time and size limits are the caller's.
 */
@Injectable()
export class OutboundClient implements OnApplicationShutdown {
  private readonly policy: AddressPolicy;
  private readonly pools = new Map<string, Pool>();
  private readonly streamPools = new Map<string, Pool>();

  constructor(@Inject(CONFIG) config: Config) {
    this.policy = addressPolicy(config.outboundAllow);
  }

  /** The pool of an origin (`https://host:port`). Its requests reject with `OutboundBlockedError` when not permitted. */
  dispatcherFor(origin: string): Dispatcher {
    return this.poolOf(this.pools, origin, CONNECTIONS);
  }

  /** As {@link dispatcherFor}, for requests whose answer has no end. */
  streamDispatcherFor(origin: string): Dispatcher {
    return this.poolOf(this.streamPools, origin, STREAM_CONNECTIONS);
  }

  /**
   * Checks a URL before it is stored. Connecting checks again, so a name that changes its address later gains nothing.
   * A name that does not resolve now is accepted.
   * @param field name of the field in the error.
   * @throws GatehouseError `invalid_request` that says what to do.
   */
  async checkUrl(text: string, field = 'url'): Promise<void> {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw refusedUrl(field, 'must be an http or https URL');
    }
    if (url.username !== '' || url.password !== '') {
      throw refusedUrl(field, 'must not hold a user name or password; use credentials instead');
    }
    if (url.port === '0') throw refusedUrl(field, 'must not use port 0');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const permits = this.policy.allowsHost(host, port)
      ? (address: string) => !this.policy.isAlwaysBlocked(address)
      : (address: string) => this.policy.allowsAddress(address);
    const addresses = isIP(host) === 0 ? await resolved(host) : [host];
    if (addresses.every(permits)) return;
    throw refusedUrl(field, 'leads to an address that must not be reached; an operator can list it in OUTBOUND_ALLOW');
  }

  async onApplicationShutdown(): Promise<void> {
    const pools = [...this.pools.values(), ...this.streamPools.values()];
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private poolOf(pools: Map<string, Pool>, origin: string, connections: number): Dispatcher {
    let pool = pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connect: guardedConnector(this.policy),
        connections,
        keepAliveTimeout: KEEP_ALIVE_MS,
        pipelining: 1,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      pools.set(origin, pool);
    }
    return pool;
  }
}

async function resolved(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // Not resolvable now; connecting will check whatever it resolves to then.
    return [];
  }
}

function refusedUrl(field: string, message: string): GatehouseError {
  return new GatehouseError('invalid_request', 'Some fields are not valid; see "errors".', {
    faults: [{ path: field, message }],
  });
}
