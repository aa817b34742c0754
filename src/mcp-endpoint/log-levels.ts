import type { JsonValue } from '../common/json.js';

/** Severities of RFC 5424 as MCP uses them, least severe first. */
const LOG_LEVELS: readonly JsonValue[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

/** True for the name of a level. */
export function isLogLevel(value: JsonValue | undefined): value is string {
  return value !== undefined && LOG_LEVELS.includes(value);
}

/** True when a message of this level is at least as severe as asked for. */
export function reachesLevel(level: JsonValue | undefined, asked: string): boolean {
  return isLogLevel(level) && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(asked);
}
