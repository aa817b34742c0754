import type { JsonObject, JsonValue } from '../common/json.js';
import type { GatewayApi } from './gateway-api.js';
import { KINDS, type Kind } from './kinds.js';
import type { GroupNames } from './portable.js';
import { writableFields, type WritableFields } from './writable-fields.js';

/** Everything that a gateway holds, as its API shows it. */
export interface GatewayState {
  readonly objects: ReadonlyMap<Kind, readonly JsonObject[]>;
  readonly writable: ReadonlyMap<Kind, WritableFields>;
  readonly groups: GroupNames;
}

/** Reads the gateway. Servers of its gateway.yaml are not among its objects: they belong to that file. */
export async function readGateway(api: GatewayApi): Promise<GatewayState> {
  const document: JsonValue = await api.get('/docs/openapi.json');
  const objects = new Map<Kind, JsonObject[]>();
  for (const kind of KINDS) {
    const found = await api.list(kind.listPath, kind.listMember);
    objects.set(
      kind,
      found.filter((view) => view['is_config'] !== true),
    );
  }
  const groups = [...objects].flatMap(([kind, views]) => (kind.section === 'access_groups' ? views : []));
  return {
    objects,
    writable: new Map(KINDS.map((kind) => [kind, writableFields(document, kind)])),
    groups: new Map(groups.map((view) => [String(view['access_group_id']), String(view['access_group_name'])])),
  };
}
