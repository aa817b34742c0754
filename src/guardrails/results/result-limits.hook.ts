import { Inject, Injectable } from '@nestjs/common';
import type { JsonValue } from '../../common/json.js';
import { GUARDRAIL_SETTINGS } from '../../hooks/built-in-guardrail.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type { PostMcpCall, ToolCallResult, ToolCallView } from '../../hooks/hook.types.js';
import type { ResultLimitsSettings } from './result-limits.settings.js';
import { sizeOf, truncated } from './truncation.js';

/** Refuses or cuts results that are too large for whoever reads them. */
@Injectable()
export class ResultLimitsHook implements PostMcpCall {
  readonly #settings: ResultLimitsSettings;

  constructor(@Inject(GUARDRAIL_SETTINGS) settings: ResultLimitsSettings) {
    this.#settings = settings;
  }

  postMcpCall(_call: ToolCallView, result: Readonly<ToolCallResult>): ToolCallResult | void {
    const { max_bytes, max_items, max_depth, action } = this.#settings;
    if (!isWithinDepth(result, max_depth)) throw exceeded('depth', `nested more than ${max_depth} deep`);
    const tooMany = Array.isArray(result.content) && result.content.length > max_items;
    const tooLarge = sizeOf(result) > max_bytes;
    if (!tooMany && !tooLarge) return;
    const shorter = action === 'truncate' ? truncated(result, { bytes: max_bytes, items: max_items }) : null;
    if (shorter !== null) return shorter;
    throw tooMany
      ? exceeded('items', `of more than ${max_items} items`)
      : exceeded('bytes', `of more than ${max_bytes} bytes; ask for less`);
  }
}

function exceeded(limit: string, what: string): GuardrailViolation {
  return new GuardrailViolation(`The result is too large: it is ${what}`, { details: { limit } });
}

function isWithinDepth(value: JsonValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  return (Array.isArray(value) ? value : Object.values(value)).every((member) => isWithinDepth(member, depth - 1));
}
