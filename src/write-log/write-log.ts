import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { changedFields } from './changed-fields.js';
import type { WriteAuthor } from './write-author.js';
import { WriteRecordEntity } from './write-record.entity.js';
import type { WrittenObject } from './written-object.js';

/** Deleting a server can change every key; the record names the first of them and says how many there are. */
const MAX_ALSO = 1000;

/** Records the writes of the management API. */
@Injectable()
export class WriteLog {
  /**
   * Records what a write did, in the transaction of the write: what cannot be recorded is not written.
   * @param written one per object
   */
  async record(manager: EntityManager, author: WriteAuthor, written: readonly WrittenObject[]): Promise<void> {
    const at = new Date();
    await manager.insert(
      WriteRecordEntity,
      written.map((object) => recordOf(author, object, at)),
    );
  }
}

function recordOf(author: WriteAuthor, object: WrittenObject, at: Date): WriteRecordEntity {
  const also = object.also ?? [];
  return {
    id: randomUUID(),
    at,
    actor: author.id,
    actor_alias: author.keyAlias,
    actor_user_id: author.userId,
    changed_by: author.request?.changedBy ?? null,
    request_id: author.request?.requestId ?? null,
    source_address: author.request?.sourceAddress ?? null,
    action: `${object.type}.${object.verb}`,
    object_type: object.type,
    object_id: object.id,
    object_name: object.name,
    ...changedFields(object.before, object.after),
    also_changed: also.slice(0, MAX_ALSO).map(({ type, id }) => ({ type, id })),
    also_changed_count: also.length,
  };
}
