import type { EntityManager } from 'typeorm';
import type { IdentityReference } from './identity-kinds.js';

const WITHOUT_USERS = `
  UPDATE teams
  SET members_with_roles = (
        SELECT coalesce(jsonb_agg(member ORDER BY position), '[]')
        FROM jsonb_array_elements(members_with_roles) WITH ORDINALITY AS members (member, position)
        WHERE NOT member ->> 'user_id' = ANY ($1::text[])),
      former_members = former_members - $1::text[],
      revision = $2
  WHERE EXISTS (
    SELECT FROM jsonb_array_elements(members_with_roles) AS member WHERE member ->> 'user_id' = ANY ($1))
    OR former_members ?| $1::text[]
  RETURNING team_id`;

const TEAMS_OF_USERS = `
  SELECT member ->> 'user_id' AS user_id, array_agg(team_id ORDER BY created_at, team_id) AS team_ids
  FROM teams, jsonb_array_elements(members_with_roles) AS member
  WHERE member ->> 'user_id' = ANY ($1)
  GROUP BY 1`;

/** Takes deleted users out of all teams: a later user with the same id must not inherit the memberships. */
export async function removeFromTeams(
  userIds: readonly string[],
  { manager, revision }: { readonly manager: EntityManager; readonly revision: number },
): Promise<readonly IdentityReference[]> {
  const [rows]: [{ team_id: string }[], number] = await manager.query(WITHOUT_USERS, [userIds, revision]);
  return rows.map((row) => ({ kind: 'team', id: row.team_id }));
}

/** Ids of the teams that each of these users is a member of. */
export async function teamsOfUsers(
  userIds: readonly string[],
  manager: EntityManager,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await manager.query<{ user_id: string; team_ids: string[] }[]>(TEAMS_OF_USERS, [userIds]);
  return new Map(rows.map((row) => [row.user_id, row.team_ids]));
}
