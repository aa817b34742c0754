import { Injectable } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { AuthType, McpServer } from '../mcp-servers/mcp-server.js';
import { AwsSignature } from './aws/aws-signature.js';
import { OAuth2Credential } from './oauth2-credential.js';
import { PassedThrough } from './passed-through.js';
import { AssertedTokens, ExchangedTokens } from './tokens/exchanged-tokens.js';
import { STORED_CREDENTIAL } from './stored-credential.js';
import type {
  CredentialCaller,
  CredentialInjector,
  HeaderMap,
  InjectedCredential,
  UpstreamCredential,
} from './upstream-credential.js';

/** What is presented to upstreams, and the one table from auth types to their injectors. */
@Injectable()
export class UpstreamCredentials {
  private readonly injectors: Readonly<Record<AuthType, CredentialInjector>>;
  /** What belongs to the server alone is made once per server object. */
  private readonly own = new WeakMap<McpServer, UpstreamCredential>();
  private readonly whole = new WeakMap<InjectedCredential, UpstreamCredential>();

  constructor(
    oauth2: OAuth2Credential,
    exchanged: ExchangedTokens,
    asserted: AssertedTokens,
    aws: AwsSignature,
    passedThrough: PassedThrough,
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
    if ((server.userSecrets ?? []).length > 0) throw userSecretMissing(server);
    const injector = this.injectors[server.authType];
    const injected = injector.credentialFor(server, caller);
    if (injected instanceof Promise) return injected.then((credential) => this.withStaticHeaders(server, credential));
    const credential = this.withStaticHeaders(server, injected);
    if (injector === STORED_CREDENTIAL) this.own.set(server, credential);
    return credential;
  }

  private withStaticHeaders(server: McpServer, injected: InjectedCredential): UpstreamCredential {
    const known = this.whole.get(injected);
    if (known !== undefined) return known;
    const staticHeaders: HeaderMap = server.staticHeaders.reveal();
    const credential = Object.freeze({ ...injected, staticHeaders });
    this.whole.set(injected, credential);
    return credential;
  }
}

/** Such a server is not contacted without what each user stores for it. */
function userSecretMissing({ prefix }: McpServer): GatehouseError {
  return new GatehouseError('user_credential_missing', `The server ${prefix} needs a credential of the user.`, {
    sent: 'no',
  });
}
