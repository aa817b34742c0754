import type { OAuthDiscoveryState, StoredOAuthClientInformation } from '@modelcontextprotocol/client';
import type { WriteAuthor } from '../../write-log/write-author.js';

/** What a door wants back when the login is over; the login itself does not look at it. */
export type LoginPurpose = Readonly<Record<string, string | null>>;

/** A login as it is remembered while the user is away. */
export interface LoginRecord {
  readonly serverId: string;
  readonly prefix: string;
  readonly author: WriteAuthor | null;
  readonly browser: string;
  readonly redirectUri: string;
  readonly codeVerifier: string;
  readonly discovery: OAuthDiscoveryState;
  readonly client: StoredOAuthClientInformation;
  readonly resource: string | null;
  readonly scope: string | null;
  readonly purpose: LoginPurpose;
}
