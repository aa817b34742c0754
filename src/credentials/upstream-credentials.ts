import { Injectable } from '@nestjs/common';
import type { AuthType, McpServer } from '../mcp-servers/mcp-server.js';
import { AwsSignature } from './aws/aws-signature.js';
import { OAuth2Credential } from './oauth2-credential.js';
import { PassedThrough } from './passed-through.js';
import { UserSecretCredentials, type PersonalCredential } from './user-secret-credentials.js';
import { AssertedTokens, ExchangedTokens } from './tokens/exchanged-tokens.js';
import { STORED_CREDENTIAL } from './stored-credential.js';
import type {
  CredentialCaller,
  CredentialInjector,
  InjectedCredential,
  UpstreamCredential,
} from './upstream-credential.js';

/** What is presented to upstreams, and the one table from auth types to their injectors. */
@Injectable()
export class UpstreamCredentials {
  private readonly injectors: Readonly<Record<AuthType, CredentialInjector>>;
  /** What belongs to the server alone is made once per server object. */
  private readonly own = new WeakMap<McpServer, UpstreamCredential>();
  private readonly made = new WeakMap<InjectedCredential, WeakMap<object, UpstreamCredential>>();

  constructor(
    oauth2: OAuth2Credential,
    exchanged: ExchangedTokens,
    asserted: AssertedTokens,
    aws: AwsSignature,
    passedThrough: PassedThrough,
    private readonly users: UserSecretCredentials,
  ) {
    this.injectors = {
      none: STORED_CREDENTIAL,
      api_key: STORED_CREDENTIAL,
      bearer_token: STORED_CREDENTIAL,
      basic: STORED_CREDENTIAL,
      authorization: STORED_CREDENTIAL,
      token: STORED_CREDENTIAL,
      oauth2,
      oauth2_token_exchange: exchanged,
      oauth2_id_jag: asserted,
      aws_sigv4: aws,
      true_passthrough: passedThrough,
    };
  }

  /**
   * What is presented to a server now: at once when the answer is in memory.
   * @param caller null: the gateway itself
   * @throws GatehouseError as {@link CredentialInjector.credentialFor}
   */
  of(server: McpServer, caller: CredentialCaller | null): UpstreamCredential | Promise<UpstreamCredential> {
    const own = this.own.get(server);
    if (own !== undefined) return own;
    if ((server.userSecrets ?? []).length === 0) return this.withPersonal(server, caller, null);
    const personal = this.users.of(server, caller);
    if (personal instanceof Promise) return personal.then((loaded) => this.withPersonal(server, caller, loaded));
    return this.withPersonal(server, caller, personal);
  }

  private withPersonal(
    server: McpServer,
    caller: CredentialCaller | null,
    personal: PersonalCredential | null,
  ): UpstreamCredential | Promise<UpstreamCredential> {
    const injector = this.injectors[server.authType];
    const injected = personal?.key ?? injector.credentialFor(server, caller);
    if (injected instanceof Promise) return injected.then((credential) => this.whole(server, credential, personal));
    const credential = this.whole(server, injected, personal);
    if (injector === STORED_CREDENTIAL && personal === null) this.own.set(server, credential);
    return credential;
  }

  /** The same object for the same parts. */
  private whole(
    server: McpServer,
    injected: InjectedCredential,
    personal: PersonalCredential | null,
  ): UpstreamCredential {
    const parts = this.made.get(injected) ?? new WeakMap<object, UpstreamCredential>();
    this.made.set(injected, parts);
    const other = personal ?? server;
    let credential = parts.get(other);
    if (credential === undefined) {
      credential = Object.freeze({
        ...injected,
        ...(personal !== null && { identity: `${injected.identity}\n${personal.identity}` }),
        staticHeaders: personal?.staticHeaders ?? server.staticHeaders.reveal(),
      });
      parts.set(other, credential);
    }
    return credential;
  }
}
