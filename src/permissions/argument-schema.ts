import { Injectable } from '@nestjs/common';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { LRUCache } from 'lru-cache';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import { exceedsJsonDepth } from '../common/json-depth.js';
import { jsonHash } from '../common/json-hash.js';
import type { JsonObject } from '../common/json.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { compileSchema } from './schema-compiler.js';
import { withinTimeLimit } from '../common/time-limit.js';

const MAX_SCHEMA_BYTES = 256 * 1024;
const MAX_SCHEMAS = 1000;
/** A schema that could not be compiled is tried again after this: the machine may just have been busy. */
const RETRY_FAILED_MS = 60_000;
const COMPILE_LIMIT_MS = 1000;
const CHECK_LIMIT_MS = 250;
const MAX_PATHS = 5;
const MAX_PATH_LENGTH = 100;

type Compiled =
  { readonly ok: true; readonly validate: ValidateFunction } | { readonly ok: false; readonly reason: string };

/**
 * Checks arguments that a hook changed against the schema of the tool. Schemas come from upstreams and are not
 * trusted: they are bounded in size, depth and time, load nothing, and one that cannot be used refuses the call.
 */
@Injectable()
export class ArgumentSchemas {
  private readonly hashes = new WeakMap<JsonObject, string>();
  /** By hash: a refreshed catalogue has new objects for the same schemas. */
  private readonly compiled = new LRUCache<string, Compiled>({ max: MAX_SCHEMAS });

  /**
   * @throws GatehouseError `invalid_arguments` when the arguments do not fit; `guardrail_unavailable` when that cannot
   *   be found out.
   */
  check(tool: ToolDefinition, changed: Readonly<JsonObject>): void {
    const misfits = this.misfitsOf(tool, changed);
    if (misfits !== null) throw misfit(misfits, 'The changed arguments do');
  }

  /**
   * Checks arguments for an upstream that has no server to do it. A schema that cannot be used lets them pass: the API
   * checks what it gets as well.
   * @throws GatehouseError `invalid_arguments` when the arguments do not fit
   */
  checkCall(tool: ToolDefinition, given: Readonly<JsonObject>): void {
    const compiled = this.compiledFor(tool.inputSchema);
    if (!compiled.ok) return;
    const { validate } = compiled;
    if (!withinTimeLimit(CHECK_LIMIT_MS, () => validate(given)))
      throw misfit(validate.errors ?? [], 'The arguments do');
  }

  /** null: the arguments fit. */
  private misfitsOf(tool: ToolDefinition, changed: Readonly<JsonObject>): readonly ErrorObject[] | null {
    try {
      const compiled = this.compiledFor(tool.inputSchema);
      if (!compiled.ok) throw new Error(compiled.reason);
      const { validate } = compiled;
      const fits = withinTimeLimit(CHECK_LIMIT_MS, () => validate(changed));
      return fits === true ? null : (validate.errors ?? []);
    } catch (error) {
      throw uncheckable(tool, error);
    }
  }

  private compiledFor(schema: JsonObject): Compiled {
    const hash = this.hashOf(schema);
    let compiled = this.compiled.get(hash);
    if (compiled === undefined) {
      compiled = compileWithinLimits(schema);
      this.compiled.set(hash, compiled, compiled.ok ? {} : { ttl: RETRY_FAILED_MS });
    }
    return compiled;
  }

  private hashOf(schema: JsonObject): string {
    let hash = this.hashes.get(schema);
    if (hash === undefined) {
      hash = jsonHash(schema);
      this.hashes.set(schema, hash);
    }
    return hash;
  }
}

function compileWithinLimits(schema: JsonObject): Compiled {
  try {
    const text = Buffer.from(JSON.stringify(schema));
    if (text.length > MAX_SCHEMA_BYTES)
      return { ok: false, reason: `the schema has more than ${MAX_SCHEMA_BYTES} bytes` };
    if (exceedsJsonDepth(text)) return { ok: false, reason: 'the schema is nested too deeply' };
    return { ok: true, validate: withinTimeLimit(COMPILE_LIMIT_MS, () => compileSchema(schema)) };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

function uncheckable(tool: ToolDefinition, cause: unknown): GatehouseError {
  return new GatehouseError(
    'guardrail_unavailable',
    'A guardrail changed the arguments, and they cannot be checked: the input schema of the tool cannot be used',
    { detail: `input schema of tool ${tool.name}: ${messageOf(cause)}`, cause, sent: 'no' },
  );
}

function misfit(errors: readonly ErrorObject[], what: string): GatehouseError {
  const paths = errors.length === 0 ? ['arguments'] : [...new Set(errors.map(pathOf))].slice(0, MAX_PATHS);
  return new GatehouseError('invalid_arguments', `${what} not fit the schema: ${paths.join(', ')}`, {
    faults: paths.map((path) => ({ path, message: 'does not fit the input schema of the tool' })),
    sent: 'no',
  });
}

/** Dotted path of the argument that is at fault; for missing and surplus members the path of the member. */
function pathOf({ instancePath, params }: ErrorObject): string {
  const segments = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const member: unknown = params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof member === 'string') segments.push(member);
  return segments.length === 0 ? 'arguments' : segments.join('.').slice(0, MAX_PATH_LENGTH);
}
