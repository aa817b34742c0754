import { upgrade } from '@scalar/openapi-upgrader';
import { parseDocument } from 'yaml';
import { exceedsJsonDepth, MAX_JSON_DEPTH } from '../common/json-depth.js';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { withFormBodies } from './swagger-forms.js';
import { UnusableDocument } from './unusable-document.js';

/** Largest document. */
export const MAX_DOCUMENT_BYTES = 10 * 1024 * 1024;
/** Aliases of YAML: each may stand for much more than it looks like. */
const MAX_ALIASES = 100;

/**
 * Reads a description of an API: OpenAPI 3.0, 3.1 or Swagger 2, in JSON or YAML. What comes back is OpenAPI 3.1, whose
 * schemas are JSON Schema 2020-12.
 * @throws UnusableDocument that says what is wrong, and holds no text of the document
 */
export function readApiDocument(text: string): JsonObject {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) {
    throw new UnusableDocument(`it is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  }
  const written = /^\s*\{/.test(text) ? parseJson(text) : parseYaml(text);
  if (!isJsonObject(written)) throw new UnusableDocument('it is not a map');
  checkVersion(written);
  const document: unknown = upgrade(withFormBodies(written), '3.1');
  if (isJsonObject(document)) return document;
  throw new UnusableDocument('it cannot be understood as OpenAPI');
}

function parseJson(text: string): unknown {
  if (exceedsJsonDepth(Buffer.from(text))) throw tooDeep();
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableDocument('it is not valid JSON');
  }
}

/** Only what JSON can say as well: no tags, no keys twice, few aliases. */
function parseYaml(text: string): unknown {
  const document = parseDocument(text, { schema: 'core', uniqueKeys: true, logLevel: 'silent' });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) {
    throw new UnusableDocument(`it is not valid YAML: see line ${error.linePos?.[0].line ?? 1} (${error.code})`);
  }
  const value = expand(() => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown);
  if (nestsDeeperThan(value, MAX_JSON_DEPTH)) throw tooDeep();
  return value;
}

function expand(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    throw new UnusableDocument(`its aliases stand for too much (more than ${MAX_ALIASES} are refused)`);
  }
}

function checkVersion({ openapi, swagger }: JsonObject): void {
  const version = String(openapi ?? swagger ?? '');
  if (/^(2\.0|3\.[01](\.\d+)?)$/.test(version)) return;
  throw new UnusableDocument('its version is not OpenAPI 3.0 or 3.1 or Swagger 2.0');
}

function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => nestsDeeperThan(member, levels - 1));
}

function tooDeep(): UnusableDocument {
  return new UnusableDocument(`it nests deeper than ${MAX_JSON_DEPTH} levels`);
}
