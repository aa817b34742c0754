import { hash } from 'node:crypto';

/** SHA-256, in hex, of the JSON text of a value. Equal values with another order of members have another hash. */
export function jsonHash(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex');
}
