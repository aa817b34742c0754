import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a key belongs to, what else it may use and how much. */
export class KeyLevels1700000000120 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "virtual_keys"
        ADD COLUMN "key_id" uuid NOT NULL DEFAULT gen_random_uuid(),
        ADD COLUMN "user_id" text,
        ADD COLUMN "team_id" text,
        ADD COLUMN "organization_id" text,
        ADD COLUMN "agent_id" text,
        ADD COLUMN "access_group_ids" text[],
        ADD COLUMN "rpm_limit" integer,
        ADD COLUMN "mcp_rpm_limit" jsonb,
        ADD COLUMN "max_budget" double precision,
        ADD COLUMN "argument_rules" jsonb NOT NULL DEFAULT '[]'`);
    // The default is for the rows that are there; new keys bring their id.
    await runner.query(`ALTER TABLE "virtual_keys" ALTER COLUMN "key_id" DROP DEFAULT`);
    await runner.query(`CREATE UNIQUE INDEX "virtual_keys_id" ON "virtual_keys" ("key_id")`);
    await runner.query(`CREATE INDEX "virtual_keys_user" ON "virtual_keys" ("user_id") WHERE user_id IS NOT NULL`);
    await runner.query(`CREATE INDEX "virtual_keys_team" ON "virtual_keys" ("team_id") WHERE team_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "virtual_keys"
        DROP COLUMN "key_id",
        DROP COLUMN "user_id",
        DROP COLUMN "team_id",
        DROP COLUMN "organization_id",
        DROP COLUMN "agent_id",
        DROP COLUMN "access_group_ids",
        DROP COLUMN "rpm_limit",
        DROP COLUMN "mcp_rpm_limit",
        DROP COLUMN "max_budget",
        DROP COLUMN "argument_rules"`);
  }
}
