import { Injectable } from '@nestjs/common';
import { FieldCipher, type FieldBinding } from '../database/field-cipher.js';
import { callerIdOf, type Principal } from './principal.js';

/** Longer texts were not sealed here. */
const LONGEST = 4_096;

/**
 * Texts that a caller keeps for the gateway between two requests: encrypted and authenticated under the keyring, and
 * bound to the caller and to one purpose, so that they open for nobody and nothing else. Every replica can open them.
 */
@Injectable()
export class CallerSeal {
  constructor(private readonly cipher: FieldCipher) {}

  seal(text: string, principal: Principal, purpose: string): string {
    return this.cipher.encrypt(text, boundTo(principal, purpose));
  }

  /** null: it was made up, was changed, or belongs to another caller or purpose. */
  open(sealed: string, principal: Principal, purpose: string): string | null {
    if (sealed.length > LONGEST) return null;
    try {
      return this.cipher.decrypt(sealed, boundTo(principal, purpose));
    } catch {
      return null;
    }
  }
}

function boundTo(principal: Principal, purpose: string): FieldBinding {
  return { table: 'caller-seal', row: callerIdOf(principal), field: purpose };
}
