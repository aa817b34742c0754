import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { AuthChallenge } from '../auth/auth-challenge.js';
import { CallerAuthenticator, type AuthenticationResult, type NotAuthenticated } from '../auth/caller-authenticator.js';
import type { Principal } from '../auth/principal.js';
import type { ErrorCode } from '../common/error-codes.js';
import { FORWARDED_HEADER } from '../common/forwarded-header.js';
import { CONFIG, type Config } from '../config/config.js';
import type { AccessRequest } from '../permissions/access-request.js';
import type { ClientAddress } from '../permissions/ip-visibility.js';
import { PolicyService } from '../permissions/policy.service.js';
import { presentedIn } from '../permissions/presented-headers.js';
import { ForwardedPeers } from '../replicas/forwarded-peer.js';
import type { Admission, DoorName, Exchange } from './exchange.js';
import { HostCheck } from './host-check.js';
import { isStatelessEra } from './protocol-versions.js';
import { carriesCredential } from './query-credentials.js';
import { invalidRequest, refusal, type RefusedRequest } from './refused-request.js';
import { SEARCH } from './search/search-mode.js';

/** The steps that every request at an MCP door takes before its body is read. */
@Injectable()
export class RequestGate {
  private readonly hosts: HostCheck;
  private readonly addresses = new WeakMap<Socket, ClientAddress>();

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly authenticator: CallerAuthenticator,
    private readonly challenge: AuthChallenge,
    private readonly policy: PolicyService,
    private readonly audit: AuditService,
    private readonly peers: ForwardedPeers,
  ) {
    this.hosts = new HostCheck(config);
  }

  /**
   * Host, origin, credential, scope: in this order. The answer is a promise only when the credential is an access token
   * that has to be verified.
   * @throws RefusedRequest 421, 403, 400 (credential in the query, unknown mode, unusable customer), 401, 429
   */
  admit(exchange: Exchange): Admission | Promise<Admission> {
    const { req, path } = exchange;
    if (!this.hosts.allowsHost(req)) throw refusal('misdirected_host');
    if (!this.hosts.allowsOrigin(req)) throw refusal('forbidden_origin');
    if (path.query !== '' && carriesCredential(path.query)) {
      throw invalidRequest('A credential in the query is refused: send it in a header');
    }
    if (path.mode !== null && path.mode !== SEARCH) throw invalidRequest(`mode must be ${SEARCH}`);
    const client = this.clientOf(req);
    const caller = this.authenticator.authenticate(req.headers, client.address ?? '', req.rawHeaders);
    if (caller instanceof Promise) return caller.then((known) => this.admitCaller(exchange, client, known));
    return this.admitCaller(exchange, client, caller);
  }

  /** Has nothing changed about the caller since it was admitted? */
  isCurrent({ principal }: Admission): boolean {
    return this.authenticator.isCurrent(principal);
  }

  private admitCaller(exchange: Exchange, client: ClientAddress, caller: AuthenticationResult): Admission {
    if (!caller.ok) throw this.unauthenticated(exchange, client, caller);
    const { principal, credentialHeader } = caller;
    const access = accessRequestOf(exchange, client.external, credentialHeader);
    const granted = this.policy.access(principal, access);
    if (!granted.granted) throw this.refused(exchange, client, granted.code, principal);
    const handedOver = FORWARDED_HEADER in exchange.req.headers;
    return { principal, credentialHeader, access, granted, sourceAddress: client.address, handedOver };
  }

  /** One socket stays one peer, and telling whether an address is internal costs more than authenticating. */
  private clientOf({ socket, headers }: IncomingMessage): ClientAddress {
    const forwarded = headers['x-forwarded-for'];
    const handedOver = headers[FORWARDED_HEADER];
    if (forwarded !== undefined || handedOver !== undefined) {
      const peer = handedOver === undefined ? (socket.remoteAddress ?? null) : this.peerOf(String(handedOver));
      return this.policy.externalAddress(peer, forwarded === undefined ? null : String(forwarded));
    }
    let known = this.addresses.get(socket);
    if (known === undefined) {
      known = this.policy.externalAddress(socket.remoteAddress ?? null, null);
      this.addresses.set(socket, known);
    }
    return known;
  }

  /** The address at which another process took the request in. */
  private peerOf(sealed: string): string | null {
    const peer = this.peers.open(sealed);
    if (peer === null) throw invalidRequest(`${FORWARDED_HEADER} is only for the replicas of the gateway`);
    return peer.address;
  }

  private unauthenticated(exchange: Exchange, client: ClientAddress, failure: NotAuthenticated): RefusedRequest {
    if (failure.retryAfter !== undefined) {
      return this.refused(exchange, client, 'rate_limited', null, { 'retry-after': String(failure.retryAfter) });
    }
    const challenge = { 'www-authenticate': this.challenge.headerFor(failure) };
    return this.refused(exchange, client, 'unauthenticated', null, challenge);
  }

  private refused(
    { req, requestId, path }: Exchange,
    { address }: ClientAddress,
    code: ErrorCode,
    principal: Principal | null,
    headers: Readonly<Record<string, string>> = {},
  ): RefusedRequest {
    this.audit.recordRefusal({
      door: doorNamedBy(req),
      requestId,
      principal,
      code,
      sourceAddress: address,
      path: path.route,
    });
    return refusal(code, { headers });
  }
}

function accessRequestOf({ req, path }: Exchange, external: boolean, credentialHeader: string): AccessRequest {
  const header = req.headers['x-mcp-servers'];
  return {
    route: path.route,
    scope: path.scope,
    serversHeader: header === undefined ? null : String(header),
    external,
    ...(credentialHeader !== 'authorization' && presentedIn(req.headers)),
  };
}

/** The body decides which revision a request speaks; before it is read the header is all there is. */
function doorNamedBy({ headers }: IncomingMessage): DoorName {
  const version = headers['mcp-protocol-version'];
  return isStatelessEra(version === undefined ? undefined : String(version)) ? 'mcp-2026' : 'mcp-2025';
}
