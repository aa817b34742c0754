import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { GatewayCredentials } from '../auth/gateway-credentials.js';
import { callerIdOf } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { CredentialCaller, CredentialInjector, InjectedCredential } from './upstream-credential.js';

const MAX_KNOWN = 5_000;
const HEADER_TEXT = /^[\x21-\x7e][\t\x20-\x7e]*$/;

/**
 * The caller's own `Authorization` goes to the upstream as it is. The caller logs in to the gateway with another header,
 * and what opens the gateway itself is never passed on.
 */
@Injectable()
export class PassedThrough implements CredentialInjector {
  private readonly known = new LRUCache<string, InjectedCredential>({ max: MAX_KNOWN });

  constructor(private readonly gateway: GatewayCredentials) {}

  credentialFor(server: McpServer, caller: CredentialCaller | null): InjectedCredential | Promise<InjectedCredential> {
    const authorization = caller?.headers['authorization'];
    if (caller === null || authorization === undefined || !HEADER_TEXT.test(authorization)) throw nothingToPass(server);
    const opens = this.gateway.opensGateway(authorization);
    if (opens instanceof Promise) return opens.then((does) => this.pass(does, server, caller, authorization));
    return this.pass(opens, server, caller, authorization);
  }

  private pass(
    opensGateway: boolean,
    server: McpServer,
    { principal }: CredentialCaller,
    authorization: string,
  ): InjectedCredential {
    if (opensGateway) throw nothingToPass(server);
    const digest = createHash('sha256').update(authorization).digest('base64');
    const identity = `${callerIdOf(principal)}\n${digest}`;
    let credential = this.known.get(identity);
    if (credential === undefined) {
      credential = Object.freeze({ identity, headers: Object.freeze({ authorization }) });
      this.known.set(identity, credential);
    }
    return credential;
  }
}

function nothingToPass({ prefix }: McpServer): GatehouseError {
  const text =
    `The server ${prefix} takes your own credential: send it in Authorization, and the key of this gateway in ` +
    'x-gatehouse-api-key.';
  return new GatehouseError('user_credential_missing', text, { sent: 'no' });
}
