import { GatehouseError, type Sent } from '../common/gatehouse-error.js';
import type { Refusal } from './upstream-credential.js';

/** The upstream refused what the gateway presented to it. */
export class CredentialRefused extends GatehouseError {
  constructor(
    readonly refusal: Refusal,
    sent: Sent,
    detail: string,
  ) {
    super('upstream_auth_required', 'The upstream refused the credential of the gateway', { sent, detail });
  }

  /** The same refusal as it looks to a call that was waiting for something else, so that nothing of it was sent. */
  asNotSent(): CredentialRefused {
    return new CredentialRefused(this.refusal, 'no', this.detail ?? this.message);
  }
}
