import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the authorization server for MCP clients remembers. */
export class Login1700000000840 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "login_records" (
        "model" text NOT NULL,
        "id" text NOT NULL,
        "grant_id" text,
        "uid" text,
        "payload" text NOT NULL,
        "consumed_at" timestamptz,
        "expires_at" timestamptz NOT NULL,
        CONSTRAINT "login_records_pkey" PRIMARY KEY ("model", "id")
      )`);
    await runner.query(`CREATE INDEX "login_records_grant" ON "login_records" ("grant_id")`);
    await runner.query(`CREATE INDEX "login_records_uid" ON "login_records" ("uid")`);
    await runner.query(`CREATE INDEX "login_records_expiry" ON "login_records" ("expires_at")`);
    await runner.query(`
      CREATE TABLE "revoked_grants" (
        "grant_id" text NOT NULL,
        "expires_at" timestamptz NOT NULL,
        CONSTRAINT "revoked_grants_pkey" PRIMARY KEY ("grant_id")
      )`);
    await runner.query(`CREATE INDEX "revoked_grants_expiry" ON "revoked_grants" ("expires_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "revoked_grants"`);
    await runner.query(`DROP TABLE "login_records"`);
  }
}
