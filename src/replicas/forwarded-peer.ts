import { Injectable } from '@nestjs/common';
import { FORWARDED_HEADER } from '../common/forwarded-header.js';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import { ReplicaRoster } from './replica-roster.js';

const LONGEST = 1_024;
const LIFETIME_MS = 30_000;

/** Where a request came from that another process handed over. */
export interface ForwardedPeer {
  /** Address of the connection on which it came in; null when it was gone. */
  readonly address: string | null;
}

/** Seals {@link FORWARDED_HEADER} for one other process: whoever has no key of the keyring cannot make one up. */
@Injectable()
export class ForwardedPeers {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly roster: ReplicaRoster,
  ) {}

  seal({ address }: ForwardedPeer, replicaId: string): string {
    return this.cipher.encrypt(JSON.stringify([Date.now() + LIFETIME_MS, address]), boundTo(replicaId));
  }

  /** null: it is not one of another process for this one, or too old. */
  open(header: string): ForwardedPeer | null {
    if (header.length > LONGEST) return null;
    const [expiresAt, address] = this.read(header);
    if (typeof expiresAt !== 'number' || Date.now() >= expiresAt) return null;
    return address === null || typeof address === 'string' ? { address } : null;
  }

  private read(header: string): unknown[] {
    try {
      const sealed: unknown = JSON.parse(this.cipher.decrypt(header, boundTo(this.roster.ownId)));
      return Array.isArray(sealed) ? sealed : [];
    } catch {
      // Whatever a client makes up.
      return [];
    }
  }
}

function boundTo(replicaId: string): FieldBinding {
  return { table: 'replicas', row: replicaId, field: FORWARDED_HEADER };
}
