import type { OAuthClientMetadata } from '@modelcontextprotocol/client';

/** Where the gateway's client metadata document is, below its base. */
export const CLIENT_METADATA_PATH = 'oauth/client-metadata.json';
/** Where authorization servers send users back to, below the base. */
export const CALLBACK_PATH = 'callback';

/** The client that the gateway is at every authorization server. */
export function clientMetadata(redirectUri: string): OAuthClientMetadata {
  return {
    client_name: 'Gatehouse',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
}
