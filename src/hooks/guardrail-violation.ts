import type { JsonValue } from '../common/json.js';

/**
 * Thrown by a hook to block a call or to withhold its result. The message is shown to the caller, so it must not
 * repeat what was matched; `details` go to the audit record only.
 */
export class GuardrailViolation extends Error {
  readonly details: JsonValue | undefined;

  constructor(message: string, options: { readonly details?: JsonValue } = {}) {
    super(message);
    this.name = 'GuardrailViolation';
    this.details = options.details;
  }
}
