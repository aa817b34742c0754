import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../common/json.js';
import type { HookPhase, ToolCallResult, ToolCallView, UpstreamMessage } from '../../hooks/hook.types.js';

/** Phases in which a guardrail outside of the gateway is asked. */
export type WebhookPhase = Exclude<HookPhase, 'list'>;

/** A question with its own id, which the answer must repeat. */
export interface WebhookQuestion {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly body: JsonObject;
}

/** What there is after a call. */
export interface WebhookOutcome {
  readonly result: Readonly<ToolCallResult>;
  /** What the upstream said besides. */
  readonly messages: readonly UpstreamMessage[];
}

/**
 * Describes a call to a guardrail outside of the gateway. Holds no credential.
 * @param outcome null: there is none yet
 */
export function questionAbout(
  guardrail: string,
  phase: WebhookPhase,
  call: ToolCallView,
  outcome: WebhookOutcome | null,
): WebhookQuestion {
  const id = `msg_${randomUUID()}`;
  const timestamp = Math.floor(Date.now() / 1000);
  const { principal } = call;
  const body = {
    ...{ version: 1, id, timestamp, guardrail, phase },
    call: {
      id: call.callId,
      origin: call.origin,
      server: { ...call.server },
      tool: call.tool,
      public_name: call.publicName,
      arguments: call.arguments,
      principal: {
        user_id: principal.userId,
        team_id: principal.teamId,
        organization_id: principal.organizationId,
        customer_id: principal.customerId,
        key_alias: principal.keyAlias,
        roles: [...principal.roles],
        claims: principal.jwtClaims as JsonObject | null,
      },
    },
    ...(outcome !== null && {
      result: outcome.result,
      messages: outcome.messages.map(({ method, params }) => ({ method, params })),
    }),
  };
  return { id, timestamp, body };
}
