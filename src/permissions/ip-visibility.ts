import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

const INTERNAL_RANGES = parseRanges([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '::1/128',
  'fc00::/7',
]);

/** Where a request came from. */
export interface ClientAddress {
  /** Textual form, IPv4-mapped addresses as IPv4; null: not known. */
  readonly address: string | null;
  /** Not in an internal range, or not known. */
  readonly external: boolean;
}

/** CIDR ranges in a form that is quick to compare. Throws on a range that is not one. */
export function parseRanges(cidrs: readonly string[]): readonly Range[] {
  return cidrs.map((cidr) => ipaddr.parseCIDR(cidr));
}

/**
 * The client of a request by the rightmost-untrusted rule: from the socket backwards through `X-Forwarded-For`, the
 * first address that is not a trusted proxy; when all are, the one farthest away. What stands left of it was written
 * by the client and counts for nothing. An entry that is not an address makes the client unknown.
 * @param peer address of the socket; null when it is closed or not known.
 * @param forwardedFor the header as received, several joined by commas; null: not sent.
 */
export function clientAddress(
  peer: string | null,
  forwardedFor: string | null,
  trustedProxies: readonly Range[],
): ClientAddress {
  let client = parseAddress(peer);
  const hops = forwardedFor === null ? [] : forwardedFor.split(',');
  while (client !== null && hops.length > 0 && isWithin(client, trustedProxies)) {
    client = parseAddress(hops.pop()?.trim() ?? null);
  }
  if (client === null) return { address: null, external: true };
  return { address: client.toString(), external: !isWithin(client, INTERNAL_RANGES) };
}

function parseAddress(text: string | null): Address | null {
  if (text === null) return null;
  // Stricter than ipaddr.js, which takes shortened, octal and hexadecimal IPv4 notations too.
  if (isIP(text) === 0) return null;
  const parsed = ipaddr.parse(text);
  if (!(parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress())) return parsed;
  // The library reads `::10.0.0.1`, an obsolete form that routes nowhere, as if it were `::ffff:10.0.0.1`.
  return /ffff:/i.test(text) ? parsed.toIPv4Address() : null;
}

function isWithin(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}
