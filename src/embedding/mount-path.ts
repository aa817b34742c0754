import { ConfigurationError } from '../config/configuration-error.js';

const PATH = /^(?:\/|(?:\/[A-Za-z0-9._~-]+)+)$/;

/** Where an embedded gateway begins on the server of the application. */
export class MountPath {
  /** Without a trailing slash; empty at the root. */
  readonly prefix: string;

  /**
   * @param isOwn at the root: is this request target the gateway's?
   * @throws ConfigurationError when it is no path
   */
  constructor(
    path: string,
    private readonly isOwn: (target: string) => boolean,
  ) {
    if (!PATH.test(path)) {
      const message = 'must be / or a path of letters, digits and . _ ~ - without a trailing slash, like /gatehouse';
      throw new ConfigurationError([{ variable: 'path', message }]);
    }
    this.prefix = path === '/' ? '' : path;
  }

  /** What a request target is to the gateway, or null when it is the application's. */
  within(target: string): string | null {
    if (this.prefix === '') return this.isOwn(target) ? target : null;
    if (!target.startsWith(this.prefix)) return null;
    const rest = target.slice(this.prefix.length);
    if (rest === '' || rest.startsWith('?')) return `/${rest}`;
    return rest.startsWith('/') ? rest : null;
  }
}

/**
 * Tells the targets of documented routes: those that begin, segment by segment, with the fixed part of one.
 * @param routes as in an OpenAPI document: `/v1/mcp/server/{id}`
 */
export function ownRoutes(routes: readonly string[]): (target: string) => boolean {
  const fixed = [...new Set(routes.map((route) => route.replace(/\/\{.*$/, '')))].filter((route) => route !== '');
  return (target) => {
    const path = target.replace(/\?.*$/s, '');
    return fixed.some((route) => path === route || path.startsWith(`${route}/`));
  };
}
