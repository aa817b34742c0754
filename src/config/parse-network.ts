import ipaddr from 'ipaddr.js';
import { Secret } from '../common/secret.js';
import type { OutboundAllowEntry } from './config.js';
import { InvalidValue } from './configuration-error.js';

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const CIDR_RULE = 'must be a range such as 10.0.0.0/8 or fd00::/8, or a single address';

function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** A parser for connection URLs with one of the schemes (with colon) and a host. */
export function connectionUrl(schemes: readonly string[], example: string): (text: string) => Secret {
  return (text) => {
    const url = urlOf(text);
    // A PostgreSQL URL may name its host as a parameter (`?host=/run/postgresql`).
    const named = url !== null && (url.hostname !== '' || url.searchParams.has('host'));
    if (named && schemes.includes(url.protocol)) return new Secret(text);
    throw new InvalidValue(`must be a URL such as ${example}`);
  };
}

/** Base of URLs that are handed out: http or https, without credentials, query, fragment and trailing slash. */
export function parseBaseUrl(text: string): string {
  const url = urlOf(text);
  const plain = url !== null && url.username === '' && url.password === '' && !/[?#\s]|\/$/.test(text);
  if (plain && (url.protocol === 'https:' || url.protocol === 'http:')) return text;
  throw new InvalidValue('must be an http or https URL without trailing slash, query and credentials');
}

/**
 * A parser for URLs of an issuer's documents. Who can change them on the way can make tokens, so they need TLS, except
 * on loopback and to hosts that OUTBOUND_ALLOW names.
 */
export function issuerUrlParser(outboundAllow: readonly OutboundAllowEntry[]): (text: string) => string {
  return (text) => {
    const url = urlOf(text);
    const plain = url !== null && url.username === '' && url.password === '' && url.hash === '';
    if (plain && url.protocol === 'https:') return url.href;
    if (plain && url.protocol === 'http:' && (isLoopback(url) || isNamed(url, outboundAllow))) return url.href;
    throw new InvalidValue(
      'must be an https URL without credentials; http is for loopback and for hosts that OUTBOUND_ALLOW names',
    );
  };
}

/** Where other replicas reach this process. */
export function parseReplicaUrl(text: string): string {
  const url = urlOf(text);
  if (url !== null && url.origin === text.toLowerCase() && /^https?:$/.test(url.protocol)) return url.origin;
  throw new InvalidValue('must be an address such as http://10.0.0.7:4000, without path');
}

/** An origin as browsers send it. */
export function parseOrigin(text: string): string {
  const url = urlOf(text);
  if (url !== null && url.origin === text.toLowerCase() && url.origin !== 'null') return url.origin;
  throw new InvalidValue('must be an origin such as https://app.example.com, without path');
}

/** A host name or address without port, in lower case and without the brackets of IPv6. */
export function parseHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isAddress(bare) || (HOST_NAME.test(bare) && !looksNumeric(bare))) return bare;
  throw new InvalidValue('must be a host name or an address without scheme and port');
}

/** A CIDR range; a single address becomes the range that holds only itself. */
export function parseCidr(text: string): string {
  if (isAddress(text)) return `${text}/${ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128}`;
  if (ipaddr.isValidCIDR(text) && isAddress(text.split('/')[0] ?? '')) return text;
  throw new InvalidValue(CIDR_RULE);
}

/** An entry of OUTBOUND_ALLOW: a range, an address, `host` or `host:port`. */
export function parseOutboundEntry(text: string): OutboundAllowEntry {
  if (text.includes('/') || isAddress(text)) return { kind: 'cidr', cidr: parseCidr(text) };
  const [, host = '', port] = /^(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === '' || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw new InvalidValue('must be a range such as 10.0.0.0/8, or a host with an optional port such as db.lan:8080');
  }
  return { kind: 'host', host: parseHost(host.replace(/\.$/, '')), port: port === undefined ? null : Number(port) };
}

/** Four-part decimal IPv4 or IPv6: the short and octal spellings of `inet_aton` would be read differently elsewhere. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes('%'));
}

/** `2130706433` and `0x7f.1` are addresses to a URL parser, so they are no host names here. */
function looksNumeric(host: string): boolean {
  return /^(0x[0-9a-f]*|\d+)$/.test(host.split('.').at(-1) ?? '');
}

function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || (isAddress(host) && ipaddr.process(host).range() === 'loopback');
}

function isNamed(url: URL, entries: readonly OutboundAllowEntry[]): boolean {
  const host = hostOf(url);
  return entries.some((entry) => {
    if (entry.kind === 'cidr') return isAddress(host) && isWithin(host, entry.cidr);
    return entry.host === host && (entry.port === null || entry.port === Number(url.port || 80));
  });
}

function isWithin(host: string, cidr: string): boolean {
  const address = ipaddr.process(host);
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return address.kind() === network.kind() && address.match(network, bits);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
