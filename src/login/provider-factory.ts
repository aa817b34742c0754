import { Injectable } from '@nestjs/common';
import type { Provider } from 'oidc-provider';
import { OwnIssuer } from '../auth/jwt/own-issuer.js';
import { RevokedGrants } from '../auth/jwt/revoked-grants.js';
import { PublicUrl } from '../auth/public-url.js';
import type { AuthorizationServerConfig } from '../config/authorization-server.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import type { SigningKey } from '../signing/key-material.js';
import { Accounts } from './accounts.js';
import { LoginRecords } from './login-records.js';
import { providerSettings } from './provider-settings.js';

/** Makes the library's provider. */
@Injectable()
export class ProviderFactory {
  constructor(
    private readonly records: LoginRecords,
    private readonly revoked: RevokedGrants,
    private readonly accounts: Accounts,
    private readonly outbound: OutboundClient,
    private readonly issuer: OwnIssuer,
    private readonly url: PublicUrl,
  ) {}

  /** @param mayFetch limits the metadata documents that are fetched for one address */
  async make(
    settings: AuthorizationServerConfig,
    key: SigningKey,
    mayFetch: (source: string) => Promise<boolean>,
  ): Promise<Provider> {
    // Only now: gateways without an authorization server need not wait for the library.
    const { Provider: OidcProvider, errors, interactionPolicy } = await import('oidc-provider');
    const { records, revoked, accounts, outbound } = this;
    const { base } = this.url;
    const provider = new OidcProvider(
      this.issuer.issuer,
      providerSettings({
        ...{ settings, key, base, audience: this.issuer.audience, mayFetch },
        ...{ records, revoked, accounts, outbound, errors, interactionPolicy },
      }),
    );
    // Its forwarded headers are set by the gateway itself.
    provider.proxy = true;
    return provider;
  }
}
