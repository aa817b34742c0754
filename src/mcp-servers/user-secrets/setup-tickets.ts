import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { coversRoute } from '../../auth/allowed-routes.js';
import { CallerAuthenticator } from '../../auth/caller-authenticator.js';
import type { Principal } from '../../auth/principal.js';
import { GatehouseError } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonValue } from '../../common/json.js';
import { FieldCipher, type FieldBinding } from '../../database/field-cipher.js';

const LIFE_MS = 10 * 60_000;

/**
 * Keeps a user logged in from one page of the set-up to the next: the key that was typed in goes along in the form, sealed
 * for one server and ten minutes. There is no cookie, so no other site can send anything in the name of the user; and the
 * key is checked again with every form, so that one that was blocked is refused.
 */
@Injectable()
export class SetupTickets {
  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly cipher: FieldCipher,
  ) {}

  seal(key: string, serverId: string): string {
    return this.cipher.encrypt(JSON.stringify({ key, until: Date.now() + LIFE_MS }), bindingOf(serverId));
  }

  /** @throws GatehouseError `unauthenticated` when it is over, or was made for another server */
  open(ticket: string, serverId: string): string {
    const sealed = this.decrypted(ticket, serverId);
    const { key, until } = isJsonObject(sealed) ? sealed : {};
    if (typeof key === 'string' && typeof until === 'number' && Date.now() < until) return key;
    throw new GatehouseError('unauthenticated', 'This page is too old; begin again.');
  }

  /**
   * Who has this key?
   * @throws GatehouseError `unauthenticated`, or `rate_limited` after too many keys that were not good
   */
  async callerOf(key: string, request: Request): Promise<Principal> {
    const { ip = '', path, method } = request;
    const known = await this.authenticator.authenticate({ 'x-gatehouse-api-key': key }, ip);
    if (!known.ok && known.retryAfter !== undefined) {
      throw new GatehouseError('rate_limited', 'Too many keys were not good; try again later.', {
        retryAfter: known.retryAfter,
      });
    }
    if (!known.ok || !coversRoute(known.principal.allowedRoutes, path, method)) {
      throw new GatehouseError('unauthenticated', 'This key is not valid here.');
    }
    return known.principal;
  }

  private decrypted(ticket: string, serverId: string): JsonValue {
    try {
      return JSON.parse(this.cipher.decrypt(ticket, bindingOf(serverId))) as JsonValue;
    } catch {
      return null;
    }
  }
}

function bindingOf(serverId: string): FieldBinding {
  return { table: 'setup-page', row: serverId, field: 'ticket' };
}
