import { Logger } from '@nestjs/common';
import { messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonValue } from '../../common/json.js';
import type { EventBus } from '../../events/event-bus.js';

/** Topic: something that a user stored for a server was written or removed. */
export const USER_SECRETS_CHANGED = 'user-secrets';

/** Whose secret, for which server. */
export interface UserSecretKey {
  readonly userId: string;
  readonly serverId: string;
}

/** Tells every replica, this one too. Never rejects: what is held in memory is also looked up anew from time to time. */
export async function announceUserSecret(events: EventBus, key: UserSecretKey): Promise<void> {
  await events.publish(USER_SECRETS_CHANGED, key).catch((error: unknown) => {
    new Logger('UserSecrets').warn(`a change of user secrets could not be announced: ${messageOf(error)}`);
  });
}

/** null: not the payload of such an event. */
export function readUserSecretKey(payload: unknown): UserSecretKey | null {
  const value = payload as JsonValue;
  if (!isJsonObject(value)) return null;
  const { userId, serverId } = value;
  return typeof userId === 'string' && typeof serverId === 'string' ? { userId, serverId } : null;
}
