import { InvalidValue } from './configuration-error.js';
import { GATEWAY_ROLES, type Config, type GatewayRole } from './config.js';

const LOG_LEVELS: readonly Config['logLevel'][] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** A parser for whole numbers within bounds, both included. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidValue(`must be a whole number from ${least} to ${most}`);
  };
}

export function parseBoolean(text: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new InvalidValue('must be true or false');
}

export function parseLogLevel(text: string): Config['logLevel'] {
  const level = LOG_LEVELS.find((known) => known === text.toLowerCase());
  if (level !== undefined) return level;
  throw new InvalidValue(`must be one of ${LOG_LEVELS.join(', ')}`);
}

export function parseRole(text: string): GatewayRole {
  const role = GATEWAY_ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  throw new InvalidValue(`must be one of ${GATEWAY_ROLES.join(', ')}`);
}

/** The separator is part of public tool names, which match `^[A-Za-z0-9_.-]{1,128}$`. */
export function parseSeparator(text: string): string {
  if (/^[-_.]{1,2}$/.test(text)) return text;
  throw new InvalidValue('must be one or two of the characters - _ .');
}

/** The entries of a comma-separated list, trimmed, without empty ones and without repetition. */
export function parseList(text: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  return [...new Set(entries.filter((entry) => entry !== ''))];
}

/** Commands are compared as they are written, so an argument or a control character can only be a mistake. */
export function parseCommands(text: string): string[] {
  const commands = parseList(text);
  if (commands.every((command) => /^[^\s\p{Cc}]+$/u.test(command))) return commands;
  throw new InvalidValue('must be a comma-separated list of commands without arguments, for example npx,uvx');
}

/** A parser that applies another one to each entry of a list and says which entry is at fault. */
export function listOf<T>(parseEntry: (text: string) => T): (text: string) => T[] {
  return (text) => {
    return parseList(text).map((entry, index) => {
      try {
        return parseEntry(entry);
      } catch (thrown) {
        if (!(thrown instanceof InvalidValue)) throw thrown;
        throw new InvalidValue(`has a wrong entry number ${index + 1}: each ${thrown.message}`);
      }
    });
  };
}
