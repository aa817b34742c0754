import ipaddr from 'ipaddr.js';
import type { OutboundAllowEntry } from '../config/config.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/**
 * Ranges that no setting opens: cloud metadata, link-local, unspecified, multicast, broadcast, and the IPv6 forms that
 * carry an IPv4 address inside. Nothing that an admin registers lives there.
 */
const ALWAYS_BLOCKED = new Set([
  'linkLocal',
  'unspecified',
  'multicast',
  'broadcast',
  'rfc6052',
  'rfc6145',
  '6to4',
  'teredo',
]);
/** AWS and most others, Alibaba, Oracle, Azure (a public address that only means something inside), AWS over IPv6. */
const METADATA_ADDRESSES = new Set([
  '169.254.169.254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
]);
/** `::7f00:1` for 127.0.0.1: a form without use today that `range()` takes for public unicast. */
const IPV4_COMPATIBLE = ipaddr.parseCIDR('::/96');
const IPV6_LOOPBACK = '::1';

/** What the outbound client may connect to. */
export interface AddressPolicy {
  /** May this very address (textual, without brackets) be connected to? */
  allowsAddress(address: string): boolean;
  /** Is this host and port named in OUTBOUND_ALLOW, so that any address it resolves to (but the blocked ones) is fine? */
  allowsHost(host: string, port: number): boolean;
  /** True for addresses that no setting opens. */
  isAlwaysBlocked(address: string): boolean;
}

/** Public unicast addresses are allowed, everything else only as OUTBOUND_ALLOW says. */
export function addressPolicy(allow: readonly OutboundAllowEntry[]): AddressPolicy {
  const ranges = allow.flatMap((entry) => (entry.kind === 'cidr' ? [ipaddr.parseCIDR(entry.cidr)] : []));
  const hosts = allow.flatMap((entry) => (entry.kind === 'host' ? [entry] : []));
  return {
    allowsAddress: (address) => isAllowed(address, ranges),
    allowsHost: (host, port) =>
      hosts.some((entry) => entry.host === host.toLowerCase() && (entry.port === null || entry.port === port)),
    isAlwaysBlocked: (address) => !ipaddr.isValid(address) || isBlocked(ipaddr.process(address)),
  };
}

function isAllowed(text: string, ranges: readonly Range[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  // Unwraps ::ffff:127.0.0.1, which is the IPv4 address to the operating system.
  const address = ipaddr.process(text);
  if (isBlocked(address)) return false;
  const listed = ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  return listed || address.range() === 'unicast';
}

function isBlocked(address: ReturnType<typeof ipaddr.process>): boolean {
  const text = address.toString();
  const embedded = address.kind() === 'ipv6' && address.match(...IPV4_COMPATIBLE) && text !== IPV6_LOOPBACK;
  return embedded || ALWAYS_BLOCKED.has(address.range()) || METADATA_ADDRESSES.has(text);
}
