import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, In, LessThan, MoreThan } from 'typeorm';
import { CONFIG, type Config } from '../../config/config.js';
import { EventBus } from '../../events/event-bus.js';
import { PolicyVersions } from '../../events/policy-version.js';
import { ReplicatedCopy } from '../../events/replicated-copy.js';
import { LEEWAY_SECONDS } from './access-token.js';
import { RevokedGrantEntity } from './revoked-grant.entity.js';
import type { Claims } from './token-claims.js';

const REVOKED_GRANTS = 'revoked-grants';

/**
 * What users granted to clients and what has ended since, in the memory of every replica within two seconds: access
 * tokens are verified without a look at the database. Empty when the gateway is no authorization server.
 */
@Injectable()
export class RevokedGrants implements OnModuleInit, OnModuleDestroy {
  private readonly copy: ReplicatedCopy;
  /** Grant to the moment from which on none of its tokens lives, in milliseconds since the epoch. */
  private readonly revoked = new Map<string, number>();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'authorizationServer'>,
    private readonly database: DataSource,
    private readonly versions: PolicyVersions,
    events: EventBus,
  ) {
    const source = {
      name: RevokedGrants.name,
      topic: `${REVOKED_GRANTS}.changed`,
      readVersion: () => versions.read(REVOKED_GRANTS),
      loadAll: () => this.load(),
      loadSome: (ids: readonly string[]) => this.load(ids),
    };
    this.copy = new ReplicatedCopy(source, events);
  }

  async onModuleInit(): Promise<void> {
    if (this.config.authorizationServer !== null) await this.copy.start();
  }

  async onModuleDestroy(): Promise<void> {
    if (this.config.authorizationServer !== null) await this.copy.stop();
  }

  /** Was the grant behind these claims of an access token revoked? */
  covers(claims: Claims | null): boolean {
    if (this.revoked.size === 0 || claims === null) return false;
    const { grant_id: grantId } = claims;
    return typeof grantId === 'string' && this.revoked.has(grantId);
  }

  /**
   * Ends all access tokens of a grant, here before it resolves.
   * @param grantId SHA-256 in hex
   */
  async revoke(grantId: string): Promise<void> {
    const lifetime = (this.config.authorizationServer?.accessTokenSeconds ?? 0) + 2 * LEEWAY_SECONDS;
    const expires_at = new Date(Date.now() + lifetime * 1000);
    const version = await this.database.transaction(async (manager) => {
      await manager.upsert(RevokedGrantEntity, { grant_id: grantId, expires_at }, ['grant_id']);
      return this.versions.bump(manager, REVOKED_GRANTS);
    });
    await this.copy.announce({ ids: [grantId], version });
  }

  /** Removes what no token can refer to any more. */
  async forgetExpired(): Promise<void> {
    await this.database.getRepository(RevokedGrantEntity).delete({ expires_at: LessThan(new Date()) });
  }

  private async load(ids?: readonly string[]): Promise<void> {
    const now = new Date();
    const rows = await this.database
      .getRepository(RevokedGrantEntity)
      .findBy({ expires_at: MoreThan(now), ...(ids !== undefined && { grant_id: In([...ids]) }) });
    for (const [grantId, expiresAt] of this.revoked) {
      if (expiresAt < now.getTime()) this.revoked.delete(grantId);
    }
    for (const { grant_id, expires_at } of rows) this.revoked.set(grant_id, expires_at.getTime());
  }
}
