import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.js';

/** A connection that OUTBOUND_ALLOW does not permit; nothing was sent. The message names no address. */
export class OutboundBlockedError extends Error {
  readonly code = 'OUTBOUND_BLOCKED';

  constructor() {
    super('The address is not allowed to be reached');
    this.name = 'OutboundBlockedError';
  }
}

const CONNECT_TIMEOUT_MS = 5_000;
/** A connection is made for a request, so one that carries nothing for so long has lost it. */
const UNUSED_AFTER_MS = 2_000;

/**
 * Connects only to addresses that were checked. Names are resolved here and the socket goes to an address of that very
 * answer, so a second answer of the name server cannot lead elsewhere. undici does not look up literal addresses, which
 * is why they are checked on their own.
 */
export function guardedConnector(policy: AddressPolicy): buildConnector.connector {
  const connectors = new Map<boolean, buildConnector.connector>();
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const hostIsListed = policy.allowsHost(host, portOf(options));
    const permits = (address: string): boolean =>
      hostIsListed ? !policy.isAlwaysBlocked(address) : policy.allowsAddress(address);
    if (isIP(host) !== 0 && !permits(host)) {
      callback(new OutboundBlockedError(), null);
      return;
    }
    let connect = connectors.get(hostIsListed);
    if (connect === undefined) {
      connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(permits) });
      connectors.set(hostIsListed, connect);
    }
    connect(options, (...made) => {
      if (made[0] === null) closeUnlessUsed(made[1]);
      callback(...made);
    });
  };
}

/**
 * After a request that was given up before its response began, undici connects anew although nothing waits for it, and
 * such a connection would stay open for as long as the other side lets it.
 */
function closeUnlessUsed(socket: Socket): void {
  const timer = setTimeout(() => {
    if (socket.bytesWritten === 0) socket.destroy();
  }, UNUSED_AFTER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** A look-up that fails as a whole when any answer is not permitted: a mixed answer is an attempt to slip through. */
function guardedLookup(permits: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0);
      const first = addresses[0];
      if (first === undefined || !addresses.every(({ address }) => permits(address))) {
        return callback(new OutboundBlockedError(), '', 0);
      }
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

function portOf({ port, protocol }: buildConnector.Options): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
