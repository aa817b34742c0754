import { HttpException, Logger } from '@nestjs/common';
import { GatehouseError, messageOf, type Sent } from '../common/gatehouse-error.js';
import { GuardrailViolation } from './guardrail-violation.js';
import type { HookStep } from './hook-step.js';
import type { HookedCall } from './hooked-call.js';

const SERVER_FAULT = 500;

const logger = new Logger('CallExtensions');

/**
 * Records that an author's guard or interceptor refused the call, and makes the refusal. A `GuardrailViolation` and an
 * `HttpException` below 500 are meant; anything else is a failure, and its text is for the log only.
 */
export function extensionRefusal(
  call: HookedCall,
  { name, phase }: Pick<HookStep, 'name' | 'phase'>,
  thrown: unknown,
  sent: Sent,
): GatehouseError {
  const known = { sent, guardrail: name, cause: thrown };
  if (isMeant(thrown)) {
    const details = thrown instanceof GuardrailViolation ? thrown.details : undefined;
    call.hookSteps.push({ name, phase, outcome: 'blocked', ...(details !== undefined && { details }) });
    return new GatehouseError('guardrail_denied', thrown.message, known);
  }
  logger.error(`${phase} ${name} failed on call ${call.callId}: ${messageOf(thrown)}`);
  call.hookSteps.push({ name, phase, outcome: 'failed' });
  return new GatehouseError('guardrail_unavailable', 'A guardrail could not decide, so the call was blocked', known);
}

function isMeant(thrown: unknown): thrown is Error {
  if (thrown instanceof GuardrailViolation) return true;
  return thrown instanceof HttpException && thrown.getStatus() < SERVER_FAULT;
}
