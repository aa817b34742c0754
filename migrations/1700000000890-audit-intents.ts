import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Calls that are about to be sent, with AUDIT_MODE=strict, and the processes that send them. */
export class AuditIntents1700000000890 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_intents" (
        "id" uuid NOT NULL,
        "process" uuid NOT NULL,
        "at" timestamptz(3) NOT NULL,
        "door" text NOT NULL,
        "request_id" text NOT NULL,
        "principal_id" text NOT NULL,
        "key_alias" text,
        "customer_id" text,
        "source_address" text,
        "server_id" text NOT NULL,
        "server_name" text NOT NULL,
        "tool" text NOT NULL,
        "public_name" text NOT NULL,
        "arguments_hash" text NOT NULL,
        CONSTRAINT "audit_intents_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`
      CREATE TABLE "audit_processes" (
        "process" uuid NOT NULL,
        "seen_at" timestamptz NOT NULL,
        CONSTRAINT "audit_processes_pkey" PRIMARY KEY ("process")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "audit_processes"`);
    await runner.query(`DROP TABLE "audit_intents"`);
  }
}
