import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { JsonObject } from '../../common/json.js';
import { SecretDigest } from '../../write-log/secret-digest.js';
import type { WriteAuthor } from '../../write-log/write-author.js';
import { WriteLog } from '../../write-log/write-log.js';
import type { ObjectReference } from '../../write-log/written-object.js';

/** What a user stores of one kind for one server. */
export interface UserSecretReference {
  readonly type: 'user_credential' | 'user_env_vars';
  readonly userId: string;
  readonly serverId: string;
}

/** What one write did to it, secrets as digests; null: it was, or is, not there. */
export interface UserSecretChange {
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/** Records what users store and remove. */
@Injectable()
export class UserSecretRecords {
  constructor(
    private readonly log: WriteLog,
    private readonly digest: SecretDigest,
  ) {}

  /** Records nothing when there was nothing and there is nothing. */
  async record(
    manager: EntityManager,
    author: WriteAuthor,
    secret: UserSecretReference,
    { before, after }: UserSecretChange,
  ): Promise<void> {
    if (before === null && after === null) return;
    const verb = after === null ? 'delete' : before === null ? 'create' : 'update';
    await this.log.record(manager, author, [{ ...referenceTo(secret), verb, name: secret.userId, before, after }]);
  }

  /**
   * Digest of what an envelope holds. One whose key is lost can be replaced and removed too, and is digested as it is.
   * @param open decrypts it
   */
  digestOf(envelope: string, open: (envelope: string) => string): string {
    try {
      return this.digest.of(open(envelope));
    } catch (error) {
      if (error instanceof GatehouseError) return this.digest.of(envelope);
      throw error;
    }
  }
}

/** `<server id>/<user id>`, as records name it. */
export function referenceTo({ type, userId, serverId }: UserSecretReference): ObjectReference {
  return { type, id: `${serverId}/${userId}` };
}
