import { hash } from 'node:crypto';
import { callerIdOf, credentialIdOf, type Principal } from '../auth/principal.js';
import { canonicalJson } from '../common/canonical-json.js';
import type { JsonObject } from '../common/json.js';

/** Somebody wants a person to decide. */
export interface ApprovalAsk {
  /** Name of the hook, or whose argument rule it is: shown to approvers. */
  readonly source: string;
  /** Name of the hook, for the error; null: an argument rule asks. */
  readonly guardrail: string | null;
  /** Shown to the caller and to approvers. */
  readonly message: string;
  /** Seconds that a decision may take; null: the default. */
  readonly expiresIn: number | null;
}

/** A call that must not be sent without an approval: exactly what would be sent, and for whom. */
export interface ApprovalSubject {
  readonly callId: string;
  readonly principal: Principal;
  readonly server: { readonly id: string; readonly prefix: string };
  /** Upstream name. */
  readonly tool: string;
  readonly arguments: Readonly<JsonObject>;
  /** At least one. */
  readonly asks: readonly ApprovalAsk[];
}

/** What an approval is bound to. SHA-256 in hex each. */
export interface ApprovalBinding {
  /** Of the credential alone: a caller makes up customers as it likes. */
  readonly caller: string;
  readonly argumentsHash: string;
  /** Of caller with customer, server, tool and arguments. */
  readonly binding: string;
}

/** Equal for two attempts when an approval of one is an approval of the other. */
export function bindingOf({ principal, server, tool, arguments: args }: ApprovalSubject): ApprovalBinding {
  const argumentsHash = sha256(canonicalJson(args));
  const binding = [sha256(callerIdOf(principal)), server.id, tool, argumentsHash];
  return { caller: sha256(credentialIdOf(principal)), argumentsHash, binding: sha256(JSON.stringify(binding)) };
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
