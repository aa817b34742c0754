import { Inject, Injectable } from '@nestjs/common';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import { ReplicaRoster } from '../replicas/replica-roster.js';
import type { StateBinding } from './request-binding.js';

/** By this the gateway tells its own states from those of upstreams, which pass through it. */
const PREFIX = 'gatehouse:';

/** Longer ones are not read. */
const LONGEST = 4_096;

/** Where a call is parked. */
export interface ParkedPlace {
  readonly parkedId: string;
  /** The process that it lives in. */
  readonly replicaId: string;
  readonly isHere: boolean;
}

/**
 * Seals the `requestState` by which a client finds its parked call again: encrypted and authenticated under the keyring,
 * and bound to the caller and to the request, so that it does not even open for anybody else.
 */
@Injectable()
export class RequestStates {
  constructor(
    private readonly cipher: FieldCipher,
    @Inject(ReplicaRoster) private readonly replica: Pick<ReplicaRoster, 'ownId'>,
  ) {}

  /** @param expiresAt `Date.now()` after which it is worth nothing */
  seal(parkedId: string, expiresAt: number, binding: StateBinding): string {
    return PREFIX + this.cipher.encrypt(JSON.stringify([this.replica.ownId, parkedId, expiresAt]), boundTo(binding));
  }

  /** What a state says; null: it was changed, has expired, or is that of another caller or request. */
  open(state: string, binding: StateBinding): ParkedPlace | null {
    if (!isOwnState(state) || state.length > LONGEST) return null;
    const [replicaId, parkedId, expiresAt] = this.read(state.slice(PREFIX.length), binding);
    if (typeof replicaId !== 'string' || typeof parkedId !== 'string' || typeof expiresAt !== 'number') return null;
    return Date.now() < expiresAt ? { parkedId, replicaId, isHere: replicaId === this.replica.ownId } : null;
  }

  private read(envelope: string, binding: StateBinding): unknown[] {
    try {
      const sealed: unknown = JSON.parse(this.cipher.decrypt(envelope, boundTo(binding)));
      return Array.isArray(sealed) ? sealed : [];
    } catch {
      // Whatever a client makes up.
      return [];
    }
  }
}

/** Is this a state of the gateway, be it a good one or not? */
export function isOwnState(state: unknown): state is string {
  return typeof state === 'string' && state.startsWith(PREFIX);
}

function boundTo({ callerId, digest }: StateBinding): FieldBinding {
  return { table: 'parked-calls', row: callerId, field: digest };
}
