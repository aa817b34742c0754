import type { MigrationInterface, QueryRunner } from 'typeorm';

/** State of user tokens, the gateway's client at each authorization server, and logins under way. */
export class OAuth1700000000820 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE "mcp_user_credentials"
        ADD COLUMN "issuer" text,
        ADD COLUMN "status" text NOT NULL DEFAULT 'connected',
        ADD COLUMN "wanted_scope" text,
        ADD COLUMN "refresh_lease" timestamptz(3)`);
    await runner.query(`
      CREATE TABLE "oauth_clients" (
        "server_id" text NOT NULL,
        "issuer" text NOT NULL,
        "redirect_uri" text NOT NULL,
        "client" text NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        CONSTRAINT "oauth_clients_pkey" PRIMARY KEY ("server_id", "issuer", "redirect_uri"),
        CONSTRAINT "oauth_clients_server" FOREIGN KEY ("server_id")
          REFERENCES "mcp_servers" ("server_id") ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE "oauth_flows" (
        "handle" text NOT NULL,
        "record" text NOT NULL,
        "expires_at" timestamptz(3) NOT NULL,
        CONSTRAINT "oauth_flows_pkey" PRIMARY KEY ("handle")
      )`);
    await runner.query(`CREATE INDEX "oauth_flows_expiry" ON "oauth_flows" ("expires_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "oauth_flows"`);
    await runner.query(`DROP TABLE "oauth_clients"`);
    await runner.query(`
      ALTER TABLE "mcp_user_credentials"
        DROP COLUMN "refresh_lease",
        DROP COLUMN "wanted_scope",
        DROP COLUMN "status",
        DROP COLUMN "issuer"`);
  }
}
