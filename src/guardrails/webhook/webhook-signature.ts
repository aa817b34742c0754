import { createHmac } from 'node:crypto';

const ENCODED = /^whsec_/;

/**
 * Headers that sign a body, as the Standard Webhooks specification has it: HMAC-SHA-256 over id, time and body, one
 * signature for each secret. A secret that begins with `whsec_` is base64.
 * @param timestamp seconds since the epoch
 */
export function signatureHeaders(
  secrets: readonly string[],
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const signed = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`);
    return `v1,${signed.digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}

function keyOf(secret: string): Buffer {
  return ENCODED.test(secret) ? Buffer.from(secret.replace(ENCODED, ''), 'base64') : Buffer.from(secret, 'utf8');
}
