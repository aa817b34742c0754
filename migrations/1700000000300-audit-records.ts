import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The audit table: one row per tool call or refusal. */
export class AuditRecords1700000000300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_records" (
        "id" uuid NOT NULL,
        "at" timestamptz NOT NULL,
        "door" text NOT NULL,
        "request_id" text NOT NULL,
        "principal_id" text,
        "key_alias" text,
        "source_address" text,
        "path" text,
        "server_id" text,
        "server_name" text,
        "tool" text,
        "public_name" text,
        "outcome" text NOT NULL,
        "code" text,
        "sent" text NOT NULL,
        "guardrails" jsonb NOT NULL,
        "arguments_hash" text,
        "result_hash" text,
        "tool_hash" text,
        "policy_version" bigint,
        "duration_ms" double precision NOT NULL,
        CONSTRAINT "PK_audit_records" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE INDEX "audit_records_at" ON "audit_records" ("at")`);
    await runner.query(`CREATE INDEX "audit_records_principal_id" ON "audit_records" ("principal_id")`);
    await runner.query(`CREATE INDEX "audit_records_server_id" ON "audit_records" ("server_id")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "audit_records"`);
  }
}
