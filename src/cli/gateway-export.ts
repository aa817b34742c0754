import { stringify } from 'yaml';
import type { JsonObject } from '../common/json.js';
import type { GatewayState } from './gateway-state.js';
import { portable } from './portable.js';

/** Version of the form of exported files. */
export const FILE_VERSION = 1;
const HEAD = `# Exported by \`gatehouse export\`. Secrets are not in it: *** leaves in place what the gateway has there.
# Change it, then look at \`gatehouse import --dry-run\`.
`;

/** The configuration of a gateway as YAML without secrets, in an order that stays the same. */
export function exportedText({ objects, writable, groups }: GatewayState): string {
  const sections: JsonObject = {};
  for (const [kind, views] of objects) {
    const fields = writable.get(kind);
    if (fields === undefined || views.length === 0) continue;
    sections[kind.section] = views.map((view) => portable(kind, view, fields, groups));
  }
  return HEAD + stringify({ gatehouse: FILE_VERSION, ...sections }, { lineWidth: 0, aliasDuplicateObjects: false });
}
