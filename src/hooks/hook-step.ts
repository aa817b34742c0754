import type { JsonValue } from '../common/json.js';
import type { HookPhase } from './hook.types.js';

/** How one hook decided, for the audit record. */
export interface HookStep {
  readonly name: string;
  readonly phase: HookPhase | 'guard' | 'interceptor' | 'approval';
  readonly outcome: 'pass' | 'changed' | 'blocked' | 'asked' | 'approved' | 'failed' | 'failed_open';
  /** What a violation says besides its message. */
  readonly details?: JsonValue;
}
