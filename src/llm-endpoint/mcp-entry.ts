import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { fieldFaults } from '../common/validation.js';
import type { PathScope } from '../permissions/access-request.js';
import { scopeOfPath } from '../permissions/path-scope.js';

/** An entry `{type: "mcp"}` of `tools` that means servers of this gateway. */
export interface McpEntry {
  readonly scope: PathScope;
  /** Only these tools, by public or upstream name; null: all. */
  readonly allowedTools: readonly string[] | null;
  /** `require_approval: "never"`: the gateway runs the tools itself. */
  readonly runs: boolean;
  /** Headers for the servers, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The gateway's own name, and the one that requests made for LiteLLM have. */
const OWN_URL = /^(?:gatehouse|litellm_proxy)(\/.*)?$/;
/** Credentials for this gateway come with the request, not in an entry. */
const GATEWAY_HEADERS: ReadonlySet<string> = new Set(['x-gatehouse-api-key', 'x-litellm-api-key']);

/**
 * Reads an entry of `tools`; null: it is no MCP entry, or one for a server that the provider itself is to reach.
 * @param path of the entry, for faults
 * @throws GatehouseError `invalid_request` that names the field
 */
export function readMcpEntry(tool: JsonObject, path: string): McpEntry | null {
  const { type, server_url, allowed_tools, require_approval, headers } = tool;
  if (type !== 'mcp' || typeof server_url !== 'string') return null;
  const own = OWN_URL.exec(server_url);
  if (own === null) return null;
  const scope = scopeOfPath(own[1] ?? '/mcp');
  if (scope === null) {
    const message = 'must be gatehouse, gatehouse/mcp/{servers} or gatehouse/toolset/{name}/mcp';
    throw fieldFaults([{ path: `${path}.server_url`, message }]);
  }
  return {
    scope,
    allowedTools: readAllowedTools(allowed_tools, `${path}.allowed_tools`),
    runs: require_approval === 'never',
    headers: readHeaders(headers, `${path}.headers`),
  };
}

/** A list of names, or the object with `tool_names` that OpenAI also takes. */
function readAllowedTools(written: JsonValue | undefined, path: string): string[] | null {
  if (written === undefined || written === null) return null;
  const names = isJsonObject(written) ? written['tool_names'] : written;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  // Something else may be meant as a limit, and must not mean everything.
  throw fieldFaults([{ path, message: 'must be a list of tool names' }]);
}

function readHeaders(written: JsonValue | undefined, path: string): Record<string, string> {
  if (written === undefined || written === null) return {};
  if (!isJsonObject(written)) throw fieldFaults([{ path, message: 'must be an object' }]);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(written)) {
    if (typeof value !== 'string') throw fieldFaults([{ path: `${path}.${name}`, message: 'must be a text' }]);
    if (!GATEWAY_HEADERS.has(name.toLowerCase())) headers[name.toLowerCase()] = value;
  }
  return headers;
}
