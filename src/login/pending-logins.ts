import { Injectable } from '@nestjs/common';
import { LoginRecords } from './login-records.js';
import type { ProviderLogin } from './identity-provider.js';

const MODEL = 'ProviderLogin';
/** Time that a user has at the identity provider. */
export const PENDING_SECONDS = 600;

/** A login for which a user was sent to the identity provider. */
export interface PendingLogin extends ProviderLogin {
  /** The authorization that it is for. */
  readonly uid: string;
}

/** Logins under way at the identity provider, by their `state`. Each is good for one return. */
@Injectable()
export class PendingLogins {
  constructor(private readonly records: LoginRecords) {}

  async put(login: PendingLogin): Promise<void> {
    const expiresAt = new Date(Date.now() + PENDING_SECONDS * 1000);
    await this.records.put(MODEL, login.state, login, { expiresAt });
  }

  /** null: unknown, over, or taken before. */
  async take(state: string): Promise<PendingLogin | null> {
    const record = await this.records.take(MODEL, state);
    if (record === null) return null;
    const { uid, nonce, codeVerifier } = record.payload as Record<keyof PendingLogin, string>;
    return { uid, state, nonce, codeVerifier };
  }
}
