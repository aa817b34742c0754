import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How tokens for an upstream are had. */
export class UpstreamCredentials1700000000800 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "mcp_servers"
        ADD COLUMN "oauth2_flow" text,
        ADD COLUMN "token_exchange_endpoint" text,
        ADD COLUMN "audience" text,
        ADD COLUMN "subject_token_type" text,
        ADD COLUMN "token_exchange_profile" text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "mcp_servers"
        DROP COLUMN "token_exchange_profile",
        DROP COLUMN "subject_token_type",
        DROP COLUMN "audience",
        DROP COLUMN "token_exchange_endpoint",
        DROP COLUMN "oauth2_flow"`);
  }
}
