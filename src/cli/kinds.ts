import type { JsonObject } from '../common/json.js';

/** One kind of object in an exported file. */
export interface Kind {
  /** Key in the file. */
  readonly section: string;
  /** For messages. */
  readonly label: string;
  readonly idField: string;
  readonly listPath: string;
  /** Where the list is in the answer; null: it is the answer. */
  readonly listMember: string | null;
  readonly createPath: string;
  readonly update: readonly ['POST' | 'PUT', string];
  remove(id: string): readonly ['POST' | 'DELETE', string, JsonObject | undefined];
  /** Fields that people know it by, when the id is not that of this gateway. */
  readonly names: readonly string[];
}

/** In the order in which they can be made: each refers to earlier ones only. */
export const KINDS: readonly Kind[] = [
  {
    ...{ section: 'servers', label: 'server', idField: 'server_id', names: ['server_name', 'alias'] },
    ...{
      listPath: '/v1/mcp/server',
      listMember: null,
      createPath: '/v1/mcp/server',
      update: ['PUT', '/v1/mcp/server'],
    },
    remove: (id) => ['DELETE', `/v1/mcp/server/${encodeURIComponent(id)}`, undefined],
  },
  level('organizations', 'organization', 'organization_id'),
  { ...level('users', 'user', 'user_id'), listMember: 'users' },
  { ...level('access_groups', 'access_group', 'access_group_id'), names: ['access_group_name'] },
  level('teams', 'team', 'team_id'),
  level('agents', 'agent', 'agent_id'),
  level('customers', 'customer', 'user_id'),
  {
    ...{ section: 'keys', label: 'key', idField: 'token', names: ['key_alias'] },
    ...{ listPath: '/key/list', listMember: 'keys', createPath: '/key/generate', update: ['POST', '/key/update'] },
    remove: (id) => ['POST', '/key/delete', { keys: [id] }],
  },
];

function level(section: string, path: string, idField: string): Kind {
  return {
    ...{ section, label: path.replace('_', ' '), idField, names: [] },
    ...{ listPath: `/${path}/list`, listMember: null, createPath: `/${path}/new`, update: ['POST', `/${path}/update`] },
    remove: (id) => ['POST', `/${path}/delete`, { [`${idField}s`]: [id] }],
  };
}

/** What to call one of them in a message. */
export function nameOf(kind: Kind, fields: JsonObject): string {
  const name = [...kind.names, kind.idField].map((field) => fields[field]).find((value) => typeof value === 'string');
  return `${kind.label} ${String(name ?? '(without a name)')}`;
}
