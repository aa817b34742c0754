import { Injectable } from '@nestjs/common';
import { HookRegistry } from '../hooks/hook-registry.js';
import type { RegisteredHook } from '../hooks/registered-hook.js';
import type { GuardrailListView, GuardrailView } from './guardrails.views.js';

const DIGITS = 3;

/** Tells which hooks there are and what they did. */
@Injectable()
export class GuardrailList {
  constructor(private readonly hooks: HookRegistry) {}

  read(): GuardrailListView {
    return { guardrails: this.hooks.all().map(viewOf) };
  }
}

function viewOf(hook: RegisteredHook): GuardrailView {
  const { calls, blocks, failures, p50Ms, p99Ms } = hook.stats.figures();
  return {
    name: hook.name,
    order: hook.order,
    phases: (['pre', 'during', 'post', 'list'] as const).filter((phase) => hook[phase] !== null),
    source: hook.source,
    default_on: hook.defaultOn,
    fail_open: hook.failOpen,
    stats: { calls, blocks, failures, p50_ms: rounded(p50Ms), p99_ms: rounded(p99Ms) },
  };
}

/** Milliseconds to the microsecond. */
export function rounded(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Number(milliseconds.toFixed(DIGITS));
}
