import { createHash } from 'node:crypto';

/** The world of the contract's figures for size. */
export const SERVERS = 1_000;
export const TOOLS_PER_SERVER = 20;
export const TEAMS = 10_000;
export const KEYS = 100_000;
const USERS = 20_000;
const ORGANIZATIONS = 50;
const ACCESS_GROUPS = 20;

/** By figure: callers in whom six levels each name every server, whole or by a list of all of its tools. */
export const WIDEST = { widestServersMicros: 'widest-servers', widestToolsMicros: 'widest-tools' };
/** The level kinds of a widest caller besides the key, with the table and the columns that only it needs. */
const WIDEST_LEVELS = [
  ['team', 'teams', 'team_id', '', ''],
  ['user', 'users', 'user_id', ', user_role', `, 'internal_user'`],
  ['customer', 'customers', 'user_id', '', ''],
  ['agent', 'agents', 'agent_id', '', ''],
  ['organization', 'organizations', 'organization_id', '', ''],
];

/** Id of a server: the same here and in SQL. */
export function serverId(index) {
  const hex = createHash('md5').update(`server-${index}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What the store knows a key by. @param {number | string} key its number, or the name of a widest caller */
export function tokenOf(key) {
  return createHash('sha256').update(secretOf(key)).digest('hex');
}

/** The servers that key number `key` may use, as indexes: those of its team, or the first of them. */
export function serversOf(key) {
  const team = key % TEAMS;
  const count = key % 3 === 2 ? 10 + (team % 21) : 5 + (key % 6);
  return Array.from({ length: count }, (_, index) => (team * 7 + index * 31) % SERVERS);
}

/** Has the key servers at all? One that says nothing and has no team has none. */
export function mayCall(key) {
  return key % 20 !== 0 || key % 3 !== 2;
}

function secretOf(key) {
  return `sk-scale-${String(key).padStart(20, '0')}`;
}

const FUNCTIONS = `
  CREATE OR REPLACE FUNCTION pg_temp.server(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT md5('server-' || n % ${SERVERS})::uuid::text $$;
  CREATE OR REPLACE FUNCTION pg_temp.token(key text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT encode(sha256(convert_to('sk-scale-' || lpad(key, 20, '0'), 'UTF8')), 'hex') $$;
  CREATE OR REPLACE FUNCTION pg_temp.servers(start bigint, step int, count bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT jsonb_agg(pg_temp.server(start + j * step)) FROM generate_series(0, count - 1) j $$;
  CREATE OR REPLACE FUNCTION pg_temp.tools(start bigint, step int, count bigint, tools int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT jsonb_object_agg(pg_temp.server(start + j * step),
                               (SELECT jsonb_agg('tool_' || t) FROM generate_series(0, tools - 1) t))
       FROM generate_series(0, count - 1) j $$;
  CREATE OR REPLACE FUNCTION pg_temp.permission(servers jsonb, tools jsonb, groups jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT jsonb_build_object('mcp_servers', servers, 'mcp_tool_permissions', tools, 'mcp_access_groups', groups,
                                 'mcp_toolsets', null, 'blocked_tools', null) $$`;

const STAMP_COLUMNS = 'revision, created_at, created_by, updated_at, updated_by';
const STAMP = `1, now(), 'bench', now(), 'bench'`;

const IDENTITIES = `
  INSERT INTO organizations (organization_id, organization_alias, ${STAMP_COLUMNS})
    SELECT 'org-' || i, 'Organisation ' || i, ${STAMP} FROM generate_series(0, ${ORGANIZATIONS - 1}) i;
  INSERT INTO users (user_id, user_email, user_role, ${STAMP_COLUMNS})
    SELECT 'user-' || i, 'user' || i || '@example.com', 'internal_user', ${STAMP}
    FROM generate_series(0, ${USERS - 1}) i;
  INSERT INTO access_groups (access_group_id, access_group_name, access_mcp_server_ids, ${STAMP_COLUMNS})
    SELECT 'group-' || i, 'Group ' || i,
           (SELECT array_agg(pg_temp.server(i * 20 + j)) FROM generate_series(0, 19) j), ${STAMP}
    FROM generate_series(0, ${ACCESS_GROUPS - 1}) i;
  INSERT INTO teams (team_id, team_alias, organization_id, members_with_roles, access_group_ids, object_permission,
                     metadata, ${STAMP_COLUMNS})
    SELECT 'team-' || i, 'Team ' || i, CASE WHEN i % 2 = 0 THEN 'org-' || i % ${ORGANIZATIONS} END,
           (SELECT jsonb_agg(jsonb_build_object('user_id', 'user-' || (i * 5 + m) % ${USERS},
                                                'role', CASE WHEN m = 0 THEN 'admin' ELSE 'user' END))
            FROM generate_series(0, 4) m),
           CASE WHEN i % 50 = 0 THEN ARRAY['group-' || i / 50 % ${ACCESS_GROUPS}] END,
           pg_temp.permission(pg_temp.servers(i * 7, 31, 10 + i % 21), null,
                              CASE WHEN i % 50 = 1 THEN '["area-1"]'::jsonb END),
           '{"cost_center": "4711"}', ${STAMP}
    FROM generate_series(0, ${TEAMS - 1}) i`;

const KEY_COLUMNS = `token, key_id, key_name, key_alias, user_id, team_id, organization_id, agent_id, object_permission,
                     metadata, ${STAMP_COLUMNS}`;

function keys(from, to) {
  return `
  INSERT INTO virtual_keys (${KEY_COLUMNS})
    SELECT pg_temp.token(i::text), gen_random_uuid(), 'sk-...' || lpad((i % 10000)::text, 4, '0'),
           CASE WHEN i % 10 < 9 THEN 'service-' || i END,
           CASE WHEN i % 2 = 0 THEN 'user-' || i % ${USERS} END,
           CASE WHEN i % 20 <> 0 THEN 'team-' || i % ${TEAMS} END, null, null,
           CASE i % 3 WHEN 0 THEN pg_temp.permission(pg_temp.servers(i % ${TEAMS} * 7, 31, 5 + i % 6), null, null)
                      WHEN 1 THEN pg_temp.permission(null, pg_temp.tools(i % ${TEAMS} * 7, 31, 5 + i % 6, 4), null) END,
           jsonb_build_object('environment', 'production', 'service', 'service-' || i), ${STAMP}
    FROM generate_series(${from}, ${to - 1}) i`;
}

function widest(name) {
  const permission =
    name === 'widest-servers'
      ? `pg_temp.permission(pg_temp.servers(0, 1, ${SERVERS}), null, null)`
      : `pg_temp.permission(null, pg_temp.tools(0, 1, ${SERVERS}, ${TOOLS_PER_SERVER}), null)`;
  const levels = WIDEST_LEVELS.map(
    ([, table, id, columns, values]) =>
      `INSERT INTO ${table} (${id}, object_permission, ${STAMP_COLUMNS}${columns})
         VALUES ('${name}', ${permission}, ${STAMP}${values});`,
  );
  return `${levels.join('\n')}
  INSERT INTO virtual_keys (${KEY_COLUMNS})
    VALUES (pg_temp.token('${name}'), gen_random_uuid(), 'sk-...wide', '${name}', '${name}', '${name}', '${name}', '${name}',
            ${permission}, '{}', ${STAMP})`;
}

/** Fills everything but the servers and the keys. @param {import('pg').Client} client */
export async function fillIdentities(client) {
  await client.query(FUNCTIONS);
  await client.query(IDENTITIES);
  for (const name of Object.values(WIDEST)) await client.query(widest(name));
}

/** Fills the keys from one number up to another one. Nobody announces it: for a gateway that does not run. */
export async function fillKeys(client, from, to) {
  await client.query(FUNCTIONS);
  await client.query(keys(from, to));
  await client.query('ANALYZE');
}

/** Has the next look at a widest caller find all of its levels changed. */
export async function touchWidest(client, name) {
  for (const [, table, id] of WIDEST_LEVELS) {
    await client.query(`UPDATE ${table} SET revision = revision + 1 WHERE ${id} = $1`, [name]);
  }
  await client.query('UPDATE virtual_keys SET revision = revision + 1 WHERE token = $1', [tokenOf(name)]);
  return WIDEST_LEVELS.map(([kind]) => ({ kind, id: name }));
}
