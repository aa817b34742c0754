import type { MigrationInterface, QueryRunner } from 'typeorm';

const IDENTITY_COLUMNS = `
  "revision" integer NOT NULL,
  "created_at" timestamptz(3) NOT NULL,
  "created_by" text NOT NULL,
  "updated_at" timestamptz(3) NOT NULL,
  "updated_by" text NOT NULL`;

const LEVEL_COLUMNS = `
  "object_permission" jsonb,
  "permission_closed" boolean NOT NULL DEFAULT false,
  "blocked" boolean NOT NULL DEFAULT false,
  "rpm_limit" integer,
  "mcp_rpm_limit" jsonb,
  "max_budget" double precision,
  "metadata" jsonb NOT NULL DEFAULT '{}',
  ${IDENTITY_COLUMNS}`;

/** Tables with their keys and the columns that only they have. */
const LEVELS: readonly (readonly [table: string, id: string, own: string])[] = [
  [
    'teams',
    'team_id',
    `"team_alias" text,
     "organization_id" text,
     "members_with_roles" jsonb NOT NULL DEFAULT '[]',
     "access_group_ids" text[],
     "argument_rules" jsonb NOT NULL DEFAULT '[]'`,
  ],
  ['users', 'user_id', `"user_email" text, "user_role" text NOT NULL`],
  ['organizations', 'organization_id', `"organization_alias" text`],
  ['customers', 'user_id', `"alias" text, "deleted_at" timestamptz(3)`],
  ['agents', 'agent_id', `"agent_name" text`],
];

/** Teams, users, organisations, customers, agents and unified access groups. */
export class Levels1700000000110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, id, own] of LEVELS) await createTable(runner, table, id, `${own}, ${LEVEL_COLUMNS}`);
    await createTable(
      runner,
      'access_groups',
      'access_group_id',
      `"access_group_name" text NOT NULL,
       "description" text,
       "access_mcp_server_ids" text[] NOT NULL DEFAULT '{}',
       ${IDENTITY_COLUMNS}`,
    );
    await runner.query(`CREATE UNIQUE INDEX "users_email" ON "users" ("user_email") WHERE user_email IS NOT NULL`);
    await runner.query(`CREATE UNIQUE INDEX "access_groups_name" ON "access_groups" ("access_group_name")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['access_groups', ...LEVELS.map(([name]) => name)]) {
      await runner.query(`DROP TABLE "${table}"`);
    }
  }
}

async function createTable(runner: QueryRunner, table: string, id: string, columns: string): Promise<void> {
  await runner.query(
    `CREATE TABLE "${table}" ("${id}" text NOT NULL, ${columns}, CONSTRAINT "${table}_pkey" PRIMARY KEY ("${id}"))`,
  );
  await runner.query(`CREATE INDEX "${table}_order" ON "${table}" ("created_at", "${id}")`);
}
