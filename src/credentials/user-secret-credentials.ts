import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PublicUrl } from '../auth/public-url.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { BYOK_SECRET, withValues } from '../mcp-servers/env-variables.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { UserSecretCopy, type UserSecrets } from '../mcp-servers/user-secrets/user-secret-copy.js';
import { setupUrlOf } from '../mcp-servers/user-secrets/setup-url.js';
import { valueHeaders } from './stored-credential.js';
import type { CredentialCaller, HeaderMap, InjectedCredential } from './upstream-credential.js';

/** What a user stored for a server, as it is sent. */
export interface PersonalCredential {
  /** Changes with the secrets: what was opened with the old ones is not used with the new ones. */
  readonly identity: string;
  /** The own key; null: the server takes none. */
  readonly key: InjectedCredential | null;
  /** Static headers of the server with the values of the user. */
  readonly staticHeaders: HeaderMap;
}

/** Own keys (BYOK) and values of variables that users stored. */
@Injectable()
export class UserSecretCredentials {
  private readonly made = new WeakMap<UserSecrets, PersonalCredential>();

  constructor(
    private readonly copy: UserSecretCopy,
    private readonly publicUrl: PublicUrl,
  ) {}

  /**
   * At once when the secrets are in memory.
   * @throws GatehouseError `user_credential_missing` with the page on which the caller stores what is missing
   */
  of(server: McpServer, caller: CredentialCaller | null): PersonalCredential | Promise<PersonalCredential> {
    if (caller === null) throw missing(server, 'needs a credential of the user', null);
    const { userId } = caller.principal;
    if (userId === null) throw missing(server, 'needs a credential of a user; use a key with a user_id', null);
    const secrets = this.copy.get(userId, server);
    if (secrets instanceof Promise) return secrets.then((loaded) => this.credentialOf(server, userId, loaded));
    return this.credentialOf(server, userId, secrets);
  }

  private credentialOf(server: McpServer, userId: string, secrets: UserSecrets): PersonalCredential {
    const known = this.made.get(secrets);
    if (known !== undefined) return known;
    const names = (server.userSecrets ?? []).filter((name) => !isStored(secrets, name));
    if (names.length > 0) throw missing(server, textFor(names), setupUrlOf(this.publicUrl.base, server.id));
    const identity = `${userId}\n${digestOf(secrets)}`;
    const { key, values } = secrets;
    const takesKey = server.userSecrets?.includes(BYOK_SECRET) === true;
    const made = Object.freeze({
      identity,
      key: takesKey ? Object.freeze({ identity, headers: valueHeaders(server, key ?? '') }) : null,
      staticHeaders: Object.freeze(headersWith(server, values)),
    });
    this.made.set(secrets, made);
    return made;
  }
}

/** One pass over the headers as the admin wrote them: no value is read for references again. Those of the admin win. */
function headersWith(server: McpServer, values: Readonly<Record<string, string>>): HeaderMap {
  const written = server.variableHeaders?.reveal();
  return written === undefined
    ? server.staticHeaders.reveal()
    : withValues(written.headers, { ...values, ...written.globals });
}

function isStored({ key, values }: UserSecrets, name: string): boolean {
  return name === BYOK_SECRET ? key !== null : Object.hasOwn(values, name);
}

function digestOf(secrets: UserSecrets): string {
  return createHash('sha256').update(JSON.stringify(secrets)).digest('base64');
}

function textFor(names: readonly string[]): string {
  const variables = names.filter((name) => name !== BYOK_SECRET);
  const parts = [
    ...(names.length > variables.length ? ['your own key'] : []),
    ...(variables.length > 0 ? [`your value of ${variables.join(', ')}`] : []),
  ];
  return `needs ${parts.join(' and ')}`;
}

function missing({ prefix }: McpServer, what: string, setupUrl: string | null): GatehouseError {
  const text =
    setupUrl === null ? `The server ${prefix} ${what}.` : `The server ${prefix} ${what}. Store it here: ${setupUrl}`;
  return new GatehouseError('user_credential_missing', text, {
    sent: 'no',
    ...(setupUrl !== null && { setupUrl }),
  });
}
