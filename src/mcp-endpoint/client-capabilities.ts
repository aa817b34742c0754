import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';

/** What can be passed on to an upstream: requests of these kinds find their way back to the client. */
const CARRIED = ['sampling', 'elicitation', 'roots', 'experimental'] as const;

/** The declared capabilities without those that the gateway cannot carry. */
export function carriedCapabilities(declared: JsonObject): JsonObject {
  const carried: JsonObject = {};
  for (const name of CARRIED) {
    const value = declared[name];
    if (value !== undefined) carried[name] = carriedForm(name, value);
  }
  return carried;
}

/** Can a client with these capabilities be asked anything at all? */
export function mayBeAsked({ sampling, elicitation, roots }: JsonObject): boolean {
  return isJsonObject(sampling) || isJsonObject(elicitation) || isJsonObject(roots);
}

function carriedForm(name: string, value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  // That its roots changed, a client cannot tell an upstream through the gateway.
  if (name === 'roots') return withoutListChanged(value);
  // How forms were declared before there were modes; said in full, every revision understands it.
  return name === 'elicitation' && Object.keys(value).length === 0 ? { form: {} } : value;
}

function withoutListChanged({ listChanged: _announced, ...roots }: JsonObject): JsonObject {
  return roots;
}

/** May a client with these capabilities be asked this? */
export function declares(capabilities: JsonObject, method: string, params: JsonObject): boolean {
  switch (method) {
    case 'sampling/createMessage':
      return isJsonObject(capabilities.sampling);
    case 'roots/list':
      return isJsonObject(capabilities.roots);
    case 'elicitation/create':
      return declaresElicitation(capabilities.elicitation, params.mode);
    default:
      return false;
  }
}

/** An empty object means forms: it is how the capability was declared before there were modes. */
function declaresElicitation(capability: JsonValue | undefined, mode: JsonValue | undefined): boolean {
  if (!isJsonObject(capability)) return false;
  if (mode === 'url') return isJsonObject(capability.url);
  return isJsonObject(capability.form) || !isJsonObject(capability.url);
}
