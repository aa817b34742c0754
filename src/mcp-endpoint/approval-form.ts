import { APPROVAL_STATE_PREFIX } from '../common/approval-state.js';
import type { JsonObject, JsonValue } from '../common/json.js';
import type { ToolCallOutcome } from '../tool-calls/tool-call.types.js';
import { declares } from './client-capabilities.js';

/** 2025-11-25: the client has to send its user to a URL before it calls again. */
const URL_ELICITATION_REQUIRED = -32042;

/** Where an approval can be given, for a client that can send its user to a URL. */
interface AskedApproval {
  readonly id: string;
  readonly state: string;
  readonly elicitation: { readonly mode: 'url'; readonly url: string; readonly message: string };
}

/** Is this state of a client the gateway's own, and none of an upstream? */
export function isApprovalState(state: JsonValue | undefined): state is string {
  return typeof state === 'string' && state.startsWith(APPROVAL_STATE_PREFIX);
}

/**
 * 2026-07-28: asks the client to send its user to the approval and to call again. A client that was asked already gets
 * the result as it is, as its user can do no more than wait.
 */
export function inputRequiredForApproval(outcome: ToolCallOutcome, capabilities: JsonObject): JsonObject | null {
  if (outcome.failure?.approval?.repeated === true) return null;
  const asked = askedOf(outcome, capabilities);
  if (asked === null) return null;
  const { elicitation, state } = asked;
  const approval = { method: 'elicitation/create', params: { ...elicitation } };
  return { resultType: 'input_required', inputRequests: { approval }, requestState: state };
}

/** 2025-11-25: the error that tells the client so. */
export function elicitationErrorForApproval(
  outcome: ToolCallOutcome,
  capabilities: JsonObject,
): { code: number; message: string; data: JsonObject } | null {
  const asked = askedOf(outcome, capabilities);
  if (asked === null) return null;
  const elicitation = { ...asked.elicitation, elicitationId: asked.id };
  return { code: URL_ELICITATION_REQUIRED, message: elicitation.message, data: { elicitations: [elicitation] } };
}

function askedOf({ failure }: ToolCallOutcome, capabilities: JsonObject): AskedApproval | null {
  if (failure?.code !== 'approval_required') return null;
  const { approval, setupUrl: url, publicMessage: message } = failure;
  if (approval === undefined || url === undefined) return null;
  if (!declares(capabilities, 'elicitation/create', { mode: 'url' })) return null;
  return { id: approval.id, state: approval.state, elicitation: { mode: 'url', url, message } };
}
