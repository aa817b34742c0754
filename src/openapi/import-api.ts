import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { resolve } from './json-pointer.js';
import type { ImportedApi, OperationTool } from './operation.js';
import { OperationReader } from './operation-reader.js';
import { ToolNames } from './tool-names.js';
import { UnusableDocument } from './unusable-document.js';

/** Most operations of one document. */
export const MAX_OPERATIONS = 5_000;
const MAX_WARNINGS = 100;
const LONGEST_WARNING = 300;
const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/**
 * Makes a tool of each operation.
 * @param document OpenAPI 3.1, as `readApiDocument` returns it
 * @throws UnusableDocument when there is none, or there are too many
 */
export function importApi(document: JsonObject): ImportedApi {
  const { paths } = document;
  if (!isJsonObject(paths)) throw new UnusableDocument('it has no paths');
  const names = new ToolNames();
  const warnings: string[] = [];
  const reader = new OperationReader(document, names, (text) => {
    if (warnings.length < MAX_WARNINGS) warnings.push(text.slice(0, LONGEST_WARNING));
  });
  const tools: OperationTool[] = [];
  for (const [path, written] of Object.entries(paths)) {
    const item = resolve(document, written);
    if (item === null || !path.startsWith('/')) continue;
    for (const method of METHODS) {
      const operation = item[method];
      if (!isJsonObject(operation)) continue;
      if (tools.length >= MAX_OPERATIONS) throw new UnusableDocument(`it has more than ${MAX_OPERATIONS} operations`);
      const tool = reader.read(path, method, operation, item['parameters']);
      if (tool !== null) tools.push(tool);
    }
  }
  if (tools.length === 0) throw new UnusableDocument('it has no operations');
  return { tools, warnings, serverUrl: serverUrl(document['servers']) };
}

/** Variables have the values that the document gives them: callers do not choose the server. */
function serverUrl(servers: JsonValue | undefined): string | null {
  const [server] = Array.isArray(servers) ? servers : [];
  if (!isJsonObject(server) || typeof server['url'] !== 'string') return null;
  const variables = isJsonObject(server['variables']) ? server['variables'] : {};
  return server['url'].replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isJsonObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : '';
  });
}
