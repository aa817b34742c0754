import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which definitions of tools admins agreed to. */
export class ToolPins1700000000720 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "pinned_servers" (
        "server_id" text NOT NULL,
        "first_seen_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "pinned_servers_pkey" PRIMARY KEY ("server_id")
      )`);
    await runner.query(`
      CREATE TABLE "tool_pins" (
        "server_id" text NOT NULL,
        "tool" text NOT NULL,
        "pinned_hash" text,
        "definition" text,
        "rejected_hash" text,
        "decided_by" text,
        "decided_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "tool_pins_pkey" PRIMARY KEY ("server_id", "tool")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "tool_pins"`);
    await runner.query(`DROP TABLE "pinned_servers"`);
  }
}
