import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { KeyDirectory } from '../auth/key-directory.js';
import { OwnIssuer } from '../auth/jwt/own-issuer.js';
import { PrincipalAssembler, type TokenSubject } from '../auth/principal-assembler.js';
import type { JsonObject } from '../common/json.js';
import { CONFIG, type Config } from '../config/config.js';
import { LoginRecords } from './login-records.js';

const MODEL = 'Account';

/** Who logged in, as access tokens say it. */
export type AccountClaims = Readonly<Record<string, string>>;

/** Who logged in, and is still let in. */
export interface Account {
  readonly id: string;
  readonly claims: AccountClaims;
  /** How the pages call the user. */
  readonly name: string;
}

/** Users that logged in. What the identity provider last said of a user holds until the next login. */
@Injectable()
export class Accounts {
  private readonly loginMs: number;

  constructor(
    @Inject(CONFIG) { authorizationServer }: Pick<Config, 'authorizationServer'>,
    private readonly records: LoginRecords,
    private readonly assembler: PrincipalAssembler,
    private readonly keys: KeyDirectory,
  ) {
    this.loginMs = (authorizationServer?.loginSeconds ?? 0) * 1000;
  }

  /** A user of the identity provider. Returns null for one that the gateway does not let in. */
  ofSubject({ id, userId, teamId, organizationId, customerId }: TokenSubject): Promise<Account | null> {
    const named = { user_id: userId, team_id: teamId, organization_id: organizationId, customer_id: customerId };
    const claims = Object.fromEntries(Object.entries(named).flatMap(([k, v]) => (v === null ? [] : [[k, v]])));
    return this.keep({ id: hash('sha256', id, 'hex'), claims, name: userId ?? id });
  }

  /** A user that proved itself with a virtual key, by the SHA-256 of it. Returns null for one that is not let in. */
  ofKey(keyHash: string, name: string): Promise<Account | null> {
    return this.keep({ id: keyHash, claims: { virtual_key: keyHash }, name });
  }

  /** Null: nobody, or somebody whom the gateway does not let in any more. */
  async find(id: string): Promise<Account | null> {
    const record = await this.records.find(MODEL, id);
    if (record === null) return null;
    const { claims, name } = record.payload as { claims: AccountClaims; name: string };
    const account = { id, claims, name };
    return this.isLetIn(claims) ? account : null;
  }

  private async keep(account: Account): Promise<Account | null> {
    if (!this.isLetIn(account.claims)) return null;
    const { id, claims, name } = account;
    // Longer than anything that refers to it.
    await this.records.put(MODEL, id, { claims, name }, { expiresAt: new Date(Date.now() + 2 * this.loginMs) });
    return account;
  }

  private isLetIn(claims: AccountClaims): boolean {
    const { virtual_key: keyHash } = claims;
    if (keyHash === undefined) return !this.assembler.ofSubject(subjectOf(claims)).levelMissing;
    const known = this.keys.find(keyHash);
    if (known === undefined) return false;
    return this.assembler.ofKey(known, null, { ...claims }, OwnIssuer.ROUTES)?.levelMissing === false;
  }
}

function subjectOf(claims: JsonObject | AccountClaims): TokenSubject {
  const text = (name: string): string | null => {
    const value = claims[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    ...{ id: 'login', userId: text('user_id'), teamId: text('team_id') },
    ...{ organizationId: text('organization_id'), customerId: text('customer_id'), role: null },
    // A new object: callers are remembered by it.
    claims: { ...claims },
  };
}
