import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { JsonObject } from '../common/json.js';

interface Dialect {
  readonly metaSchema: string;
  create(options: Options): Ajv;
}

const DRAFT_2020: Dialect = {
  metaSchema: 'https://json-schema.org/draft/2020-12/schema',
  create: (options) => new Ajv2020(options),
};
const DRAFT_2019: Dialect = {
  metaSchema: 'https://json-schema.org/draft/2019-09/schema',
  create: (options) => new Ajv2019(options),
};
/** Draft 6 is a part of draft 7. */
const DRAFT_07: Dialect = {
  metaSchema: 'http://json-schema.org/draft-07/schema',
  create: (options) => new Ajv(options),
};

/** By `$schema` without protocol and fragment. */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['json-schema.org/draft/2020-12/schema', DRAFT_2020],
  ['json-schema.org/draft/2019-09/schema', DRAFT_2019],
  ['json-schema.org/draft-07/schema', DRAFT_07],
  ['json-schema.org/draft-06/schema', DRAFT_07],
]);

/** Upstreams write the patterns, so they run on RE2, which cannot be made to backtrack. */
const re2 = Object.assign((pattern: string) => RE2JS.compile(RE2JS.translateRegExp(pattern)), {
  code: 'gatehouse-re2',
});

const COMMON: Options = { strict: false, logger: false };
const UNTRUSTED: Options = {
  ...COMMON,
  // Done beforehand by a shared instance; here it would compile the meta-schema for every tool.
  validateSchema: false,
  meta: false,
  // A definition that is referenced a thousand times is not copied a thousand times.
  inlineRefs: false,
  // `constructor` and its like are not arguments that somebody sent.
  ownProperties: true,
  code: { regExp: re2 },
};

const metaValidators = new Map<Dialect, Ajv>();

/**
 * Compiles the schema that an upstream gives for the arguments of a tool. Without `$schema` it is 2020-12, as MCP
 * says. Each schema gets an instance of its own: ids in one must not be visible to, or clash with, another.
 * @throws Error when the schema is not valid, refers to something outside of itself, is asynchronous, has a pattern
 *   that RE2 cannot run, or is of an unknown dialect.
 */
export function compileSchema(schema: JsonObject): ValidateFunction {
  const dialect = dialectOf(schema);
  if (metaValidatorOf(dialect).validate(dialect.metaSchema, schema) !== true)
    throw new Error('the schema is not valid');
  const ajv = dialect.create(UNTRUSTED);
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('the schema is asynchronous');
  return validate;
}

function dialectOf({ $schema }: JsonObject): Dialect {
  if ($schema === undefined) return DRAFT_2020;
  const name = typeof $schema === 'string' ? $schema.replace(/^https?:\/\//, '').replace(/#$/, '') : '';
  const dialect = DIALECTS.get(name);
  if (dialect === undefined) throw new Error('the schema is of an unknown dialect');
  return dialect;
}

function metaValidatorOf(dialect: Dialect): Ajv {
  let validator = metaValidators.get(dialect);
  if (validator === undefined) {
    validator = dialect.create(COMMON);
    metaValidators.set(dialect, validator);
  }
  return validator;
}
