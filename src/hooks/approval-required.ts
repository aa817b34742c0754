import type { JsonValue } from '../common/json.js';

/**
 * Thrown by a pre hook to have a person decide on the call. The call is not sent; it goes through when the same caller
 * makes it again, with the same arguments, after it was approved. The message is shown to the caller and to the
 * approver; `details` go to the audit record only.
 */
export class ApprovalRequired extends Error {
  readonly expiresIn: number | undefined;
  readonly details: JsonValue | undefined;

  /** @param options.expiresIn seconds that a decision may take, 60 to 604800; default an hour */
  constructor(message: string, options: { readonly expiresIn?: number; readonly details?: JsonValue } = {}) {
    super(message);
    this.name = 'ApprovalRequired';
    this.expiresIn = options.expiresIn;
    this.details = options.details;
  }
}
