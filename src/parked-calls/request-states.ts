import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import type { StateBinding } from './request-binding.js';

/** By this the gateway tells its own states from those of upstreams, which pass through it. */
const PREFIX = 'gatehouse:';

/** Longer ones are not read. */
const LONGEST = 4_096;

/**
 * Seals the `requestState` by which a client finds its parked call again: encrypted and authenticated under the keyring,
 * and bound to the caller and to the request, so that it does not even open for anybody else.
 */
@Injectable()
export class RequestStates {
  /** This process: a parked call lives in one. */
  private readonly node = randomUUID();

  constructor(private readonly cipher: FieldCipher) {}

  /** @param expiresAt `Date.now()` after which it is worth nothing */
  seal(parkedId: string, expiresAt: number, binding: StateBinding): string {
    return PREFIX + this.cipher.encrypt(JSON.stringify([this.node, parkedId, expiresAt]), boundTo(binding));
  }

  /** Id of the parked call; null: the state was changed, has expired, or is that of another caller, request or process. */
  open(state: string, binding: StateBinding): string | null {
    if (!isOwnState(state) || state.length > LONGEST) return null;
    const [node, parkedId, expiresAt] = this.read(state.slice(PREFIX.length), binding);
    if (node !== this.node || typeof parkedId !== 'string' || typeof expiresAt !== 'number') return null;
    return Date.now() < expiresAt ? parkedId : null;
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
