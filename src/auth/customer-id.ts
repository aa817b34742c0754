import type { IncomingHttpHeaders } from 'node:http';

/** Headers that name the customer of a request; the first one that is present decides. */
const CUSTOMER_HEADERS = ['x-gatehouse-customer-id', 'x-litellm-end-user-id'] as const;
const CUSTOMER_ID = /^[\x21-\x7e]{1,256}$/;

/** Can this be the id of a customer? */
export function isCustomerId(text: string): boolean {
  return CUSTOMER_ID.test(text);
}

/** The customer that a request names; null: none, undefined: what is there cannot be an id. */
export function readCustomerId(headers: IncomingHttpHeaders): string | null | undefined {
  for (const header of CUSTOMER_HEADERS) {
    const value = headers[header];
    // Node joins a header that was sent twice with a comma and a blank, which no id has.
    if (value !== undefined) return typeof value === 'string' && isCustomerId(value) ? value : undefined;
  }
  return null;
}
