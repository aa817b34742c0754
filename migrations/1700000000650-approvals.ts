import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Calls that wait for the approval of a person. */
export class Approvals1700000000650 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "approvals" (
        "id" uuid NOT NULL,
        "binding" text NOT NULL,
        "status" text NOT NULL DEFAULT 'pending',
        "caller" text NOT NULL,
        "key_hash" text,
        "key_alias" text,
        "user_id" text,
        "team_id" text,
        "server_id" text NOT NULL,
        "server_name" text NOT NULL,
        "tool" text NOT NULL,
        "arguments_hash" text NOT NULL,
        "payload" text NOT NULL,
        "created_at" timestamptz(3) NOT NULL DEFAULT now(),
        "expires_at" timestamptz(3) NOT NULL,
        "decided_by" text,
        "decided_at" timestamptz(3),
        "note" text,
        "used_by_call" uuid,
        CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE INDEX "approvals_order" ON "approvals" ("created_at", "id")`);
    await runner.query(`CREATE INDEX "approvals_binding" ON "approvals" ("binding", "status")`);
    await runner.query(`CREATE UNIQUE INDEX "approvals_pending" ON "approvals" ("binding") WHERE "status" = 'pending'`);
    await runner.query(`CREATE INDEX "approvals_key" ON "approvals" ("key_hash")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "approvals"`);
  }
}
