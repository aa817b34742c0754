import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Review, publication and OAuth addresses of servers; secrets of single users; servers that are set up.
 * `env_vars`, `credential`, `env_values` and `record` are encrypted.
 */
export class ServerManagement1700000000620 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "mcp_servers"
        ADD COLUMN "env_vars" text,
        ADD COLUMN "issuer" text,
        ADD COLUMN "authorization_url" text,
        ADD COLUMN "token_url" text,
        ADD COLUMN "registration_url" text,
        ADD COLUMN "is_byok" boolean NOT NULL DEFAULT false,
        ADD COLUMN "byok_description" text[] NOT NULL DEFAULT '{}',
        ADD COLUMN "byok_api_key_help_url" text,
        ADD COLUMN "is_public" boolean NOT NULL DEFAULT false,
        ADD COLUMN "submitted_at" timestamptz(3),
        ADD COLUMN "reviewed_at" timestamptz(3),
        ADD COLUMN "review_notes" text`);
    await runner.query(`CREATE INDEX "mcp_servers_submissions" ON "mcp_servers" ("submitted_at")`);
    await runner.query(`
      CREATE TABLE "mcp_user_credentials" (
        "user_id" text NOT NULL,
        "server_id" text NOT NULL,
        "kind" text NOT NULL,
        "credential" text NOT NULL,
        "connected_at" timestamptz(3) NOT NULL,
        "expires_at" timestamptz(3),
        CONSTRAINT "mcp_user_credentials_pkey" PRIMARY KEY ("user_id", "server_id"),
        CONSTRAINT "mcp_user_credentials_server" FOREIGN KEY ("server_id")
          REFERENCES "mcp_servers" ("server_id") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "mcp_user_credentials_by_server" ON "mcp_user_credentials" ("server_id")`);
    await runner.query(`
      CREATE TABLE "mcp_user_env_vars" (
        "user_id" text NOT NULL,
        "server_id" text NOT NULL,
        "env_values" text NOT NULL,
        CONSTRAINT "mcp_user_env_vars_pkey" PRIMARY KEY ("user_id", "server_id"),
        CONSTRAINT "mcp_user_env_vars_server" FOREIGN KEY ("server_id")
          REFERENCES "mcp_servers" ("server_id") ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX "mcp_user_env_vars_by_server" ON "mcp_user_env_vars" ("server_id")`);
    // No foreign key: users of access tokens need not be registered. Yet a later user with the same id starts with nothing.
    await runner.query(`
      CREATE FUNCTION "forget_secrets_of_user"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        DELETE FROM "mcp_user_credentials" WHERE "user_id" = OLD."user_id";
        DELETE FROM "mcp_user_env_vars" WHERE "user_id" = OLD."user_id";
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER "users_forget_secrets" AFTER DELETE ON "users"
      FOR EACH ROW EXECUTE FUNCTION "forget_secrets_of_user"()`);
    await runner.query(`
      CREATE TABLE "mcp_temporary_servers" (
        "server_id" text NOT NULL,
        "record" text NOT NULL,
        "expires_at" timestamptz(3) NOT NULL,
        CONSTRAINT "mcp_temporary_servers_pkey" PRIMARY KEY ("server_id")
      )`);
    await runner.query(`CREATE INDEX "mcp_temporary_servers_expiry" ON "mcp_temporary_servers" ("expires_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "mcp_temporary_servers"`);
    await runner.query(`DROP TRIGGER "users_forget_secrets" ON "users"`);
    await runner.query(`DROP FUNCTION "forget_secrets_of_user"()`);
    await runner.query(`DROP TABLE "mcp_user_env_vars"`);
    await runner.query(`DROP TABLE "mcp_user_credentials"`);
    await runner.query(`DROP INDEX "mcp_servers_submissions"`);
    await runner.query(`
      ALTER TABLE "mcp_servers"
        DROP COLUMN "env_vars",
        DROP COLUMN "issuer",
        DROP COLUMN "authorization_url",
        DROP COLUMN "token_url",
        DROP COLUMN "registration_url",
        DROP COLUMN "is_byok",
        DROP COLUMN "byok_description",
        DROP COLUMN "byok_api_key_help_url",
        DROP COLUMN "is_public",
        DROP COLUMN "submitted_at",
        DROP COLUMN "reviewed_at",
        DROP COLUMN "review_notes"`);
  }
}
