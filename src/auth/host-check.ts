import type { IncomingMessage } from 'node:http';
import type { Config } from '../config/config.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/**
 * Which hosts and origins may reach the MCP doors. It keeps web pages from driving a gateway in the user's own network
 * by DNS rebinding, so it needs no knowledge of the caller and comes first.
 */
export class HostCheck {
  private readonly hosts: ReadonlySet<string>;
  private readonly origins: ReadonlySet<string>;

  constructor(config: Pick<Config, 'allowedHosts' | 'allowedOrigins' | 'host' | 'publicBaseUrl'>) {
    const base = config.publicBaseUrl === null ? null : new URL(config.publicBaseUrl);
    // Without a public URL the listening address is the one that is handed out.
    const own = base?.hostname ?? bracketed(config.host);
    this.hosts = new Set([...LOOPBACK, own, ...config.allowedHosts].map((host) => host.toLowerCase()));
    const configured = config.allowedOrigins.map((origin) => origin.toLowerCase());
    this.origins = new Set(base === null ? configured : [base.origin, ...configured]);
  }

  /** False for a missing, doubled, malformed or foreign `Host`. */
  allowsHost({ headers, rawHeaders }: IncomingMessage): boolean {
    const name = HOST.exec(headers.host?.toLowerCase() ?? '')?.[1];
    return name !== undefined && this.hosts.has(name) && isSentOnce(rawHeaders);
  }

  /** True when no `Origin` was sent: then it is no web page of a foreign site. */
  allowsOrigin({ headers }: IncomingMessage): boolean {
    if (headers.origin === undefined) return true;
    const origin = headers.origin.toLowerCase();
    return LOOPBACK_ORIGIN.test(origin) || this.origins.has(origin);
  }
}

/** An IPv6 address as it is written in a URL. */
function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** Node keeps the first of several; a proxy in front may have decided by the last. */
function isSentOnce(rawHeaders: readonly string[]): boolean {
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') seen++;
  }
  return seen === 1;
}
