import { Logger } from '@nestjs/common';
import { errors } from 'jose';
import type { Claims } from '../../auth/jwt/token-claims.js';
import { TokenRefused } from '../../auth/jwt/token-refused.js';
import { messageOf } from '../../common/gatehouse-error.js';
import type { Config } from '../../config/config.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import { HookCallView } from '../../hooks/hook-call-view.js';
import type { ToolCallView } from '../../hooks/hook.types.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';
import { incomingTokenRules } from './incoming-token-rules.js';
import { IncomingTokens } from './incoming-tokens.js';
import type { JwtSignerSettings } from './jwt-signer.settings.js';

/** What keys of the gateway begin with. */
const KEY_PREFIX = 'sk-';
/** Every refused token gets this text: why it is refused is nobody's business but the operator's. */
const TOKEN_REFUSED = 'The access token of this request is not accepted';

/** What a caller's own token says of it, once it is verified. */
export class CallerClaims {
  private readonly logger = new Logger(CallerClaims.name);
  private readonly tokens: IncomingTokens;

  /**
   * @param guardrail name of the entry, for messages
   * @throws Error when the settings do not say whose tokens are to be taken
   */
  constructor(
    private readonly guardrail: string,
    private readonly settings: JwtSignerSettings,
    { outboundAllow }: Pick<Config, 'outboundAllow'>,
    outbound: OutboundClient,
  ) {
    try {
      this.tokens = new IncomingTokens(incomingTokenRules(settings, outboundAllow), outbound);
    } catch (error) {
      throw new Error(`CONFIG_FILE: the guardrail "${guardrail}": ${messageOf(error)}`, { cause: error });
    }
    if (this.tokens.isEnabled && settings.verify_audience === undefined) {
      this.logger.warn(
        `the guardrail "${guardrail}" has no verify_audience: it takes tokens that are meant for others`,
      );
    }
  }

  /**
   * Claims of the token that the caller brings along, or of the one that it was authenticated by; null: there is none.
   * @throws GuardrailViolation when the token is not good, or lacks a claim that is required; any other Error when that
   *   cannot be told
   */
  async claimsOf(call: ToolCallView): Promise<Claims | null> {
    const claims = await this.verified(call);
    const missing = this.settings.required_claims.find((name) => claims === null || !Object.hasOwn(claims, name));
    if (missing === undefined) return claims;
    throw new GuardrailViolation('This call needs an access token with more claims', { details: { missing } });
  }

  private async verified(call: ToolCallView): Promise<Claims | null> {
    const token = this.tokens.isEnabled ? tokenOf(call) : null;
    try {
      if (token !== null) return await this.tokens.verify(token, call.signal);
      const { jwtClaims } = call.principal;
      if (jwtClaims !== null) this.tokens.assertTaken(jwtClaims);
      return jwtClaims;
    } catch (error) {
      if (!(error instanceof TokenRefused || error instanceof errors.JOSEError)) throw error;
      const { guardrail } = this;
      this.logger.warn(`the guardrail "${guardrail}" refused the token of call ${call.callId}: ${messageOf(error)}`);
      throw new GuardrailViolation(TOKEN_REFUSED);
    }
  }
}

/** The token that came besides the gateway credential. A key of the gateway is none, and is shown to nobody. */
function tokenOf(call: ToolCallView): string | null {
  const token = HookCallView.bearerOf(call);
  return token === null || token.startsWith(KEY_PREFIX) ? null : token;
}
