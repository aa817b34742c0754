import type { Sent } from '../common/gatehouse-error.js';
import { isJsonObject, type JsonObject } from '../common/json.js';
import { protocolError } from './upstream-errors.js';

const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/**
 * Checks the `resultType` of the stateless revision. Without one a result is complete.
 * @throws GatehouseError `upstream_protocol_error` for a type that the client cannot know.
 */
export function checkResultType(result: JsonObject, capabilities: JsonObject, sent: Sent): void {
  const type = result['resultType'];
  if (type === undefined || type === 'complete' || type === 'input_required') return;
  if (type === 'task' && declaresTasks(capabilities)) return;
  throw protocolError(sent, `unknown resultType ${JSON.stringify(type).slice(0, 80)}`);
}

function declaresTasks(capabilities: JsonObject): boolean {
  const { extensions } = capabilities;
  return isJsonObject(extensions) && Object.hasOwn(extensions, TASKS_EXTENSION);
}
