import type { OpenAPIObject } from '@nestjs/swagger';
import type { JsonValue } from '../common/json.js';
import { RULE_EFFECTS } from '../expressions/argument-rule.js';
import { maskArguments, maskUrl, maskValues } from './masking.js';
import type { ServerDetails } from './server-details.js';

type AnySchema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
/** A schema of the API document that is no reference. */
export type SchemaObject = Exclude<AnySchema, { $ref: string }>;

/** One way to show the value of a column, with the schema of what is shown. */
export interface Shown<Value> {
  readonly schema: SchemaObject;
  readonly of: (value: Value, server: ServerDetails) => JsonValue;
}

type Map = Readonly<Record<string, string>>;

const STRINGS: SchemaObject = { type: 'array', items: { type: 'string' } };
const STRING_MAP: SchemaObject = { type: 'object', additionalProperties: { type: 'string' } };
const MASKED_MAP: SchemaObject = { type: 'object', additionalProperties: { type: 'string', enum: ['***'] } };

/** Nothing, whatever the value is. */
export const NULL = nothing(null, { type: 'object', nullable: true, enum: [null] });
export const EMPTY_LIST = nothing([], { type: 'array', items: {}, maxItems: 0 });
export const EMPTY_MAP = nothing({}, { type: 'object', additionalProperties: false });

export const TEXT: Shown<string> = { schema: { type: 'string' }, of: plain };
export const NULLABLE_TEXT: Shown<string | null> = { schema: { type: 'string', nullable: true }, of: plain };
export const FLAG: Shown<boolean> = { schema: { type: 'boolean' }, of: plain };
export const NULLABLE_NUMBER: Shown<number | null> = { schema: { type: 'number', nullable: true }, of: plain };
export const LIST: Shown<readonly string[]> = { schema: STRINGS, of: (value) => [...value] };
export const MASKED_LIST: Shown<readonly string[]> = { schema: STRINGS, of: maskArguments };
export const MAP: Shown<Map> = { schema: STRING_MAP, of: (value) => ({ ...value }) };
export const MASKED_VALUES: Shown<Map> = { schema: MASKED_MAP, of: maskValues };
export const MASKED_URL: Shown<string | null> = {
  schema: { type: 'string', nullable: true, description: 'User-info, values of the query and tokens masked' },
  of: (value) => (value === null ? null : maskUrl(value)),
};
export const TIME: Shown<Date | null> = {
  schema: { type: 'string', format: 'date-time', nullable: true, example: '2026-01-31T12:00:00.000Z' },
  of: (value) => value?.toISOString() ?? null,
};
export const INFO: Shown<ServerDetails['mcp_info']> = {
  schema: {
    ...{ type: 'object', additionalProperties: true, nullable: true },
    description: 'Free data; `is_public` is made by make_public alone',
  },
  of: (value, { is_public: isPublic }) => {
    const { is_public: _claimed, ...info } = value ?? {};
    if (isPublic) return { ...info, is_public: true };
    return value === null ? null : info;
  },
};
export const PUBLIC_INFO: Shown<ServerDetails['mcp_info']> = {
  schema: {
    ...{ type: 'object', additionalProperties: false, nullable: true },
    properties: { is_public: { type: 'boolean', enum: [true] } },
  },
  of: (_value, { is_public: isPublic }) => (isPublic ? { is_public: true } : null),
};
export const LIST_MAP: Shown<ServerDetails['allowed_params']> = {
  schema: { type: 'object', additionalProperties: STRINGS, nullable: true },
  of: (value) =>
    value === null ? null : Object.fromEntries(Object.entries(value).map(([name, entries]) => [name, [...entries]])),
};
export const RULES: Shown<ServerDetails['argument_rules']> = {
  schema: {
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['tool', 'when', 'effect', 'message'],
      properties: {
        tool: { type: 'string' },
        when: { type: 'string', example: 'args.amount < 100' },
        effect: { type: 'string', enum: [...RULE_EFFECTS] },
        message: { type: 'string', nullable: true },
      },
    },
  },
  of: (value) => value.map(({ tool, when, effect, message }) => ({ tool, when, effect, message })),
};
export const VARIABLES: Shown<ServerDetails['env_vars']> = variables((value) => value);
/** With the values of the admin left out. */
export const BLANK_VARIABLES: Shown<ServerDetails['env_vars']> = variables(() => '');

/** A text of a closed set. */
export function oneOf<Value extends string | null>(values: readonly string[]): Shown<Value> {
  return { schema: { type: 'string', enum: [...values] }, of: plain };
}

/** A text of a closed set, or null. */
export function nullableOneOf<Value extends string | null>(values: readonly string[]): Shown<Value> {
  return { schema: { type: 'string', nullable: true, enum: [...values, null] }, of: plain };
}

function variables(shownValue: (value: string) => string): Shown<ServerDetails['env_vars']> {
  return {
    schema: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'value', 'scope', 'description'],
        properties: {
          name: { type: 'string', example: 'TENANT' },
          value: { type: 'string' },
          scope: { type: 'string', enum: ['global', 'user'] },
          description: { type: 'string', nullable: true },
        },
      },
    },
    of: (value) =>
      value.map((entry) => ({
        name: entry.name,
        value: shownValue(entry.value),
        scope: entry.scope,
        description: entry.description,
      })),
  };
}

function nothing(value: JsonValue, schema: SchemaObject): Shown<unknown> {
  return { schema, of: () => structuredClone(value) };
}

function plain(value: string | number | boolean | null): JsonValue {
  return value;
}
