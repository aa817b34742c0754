import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The table of management writes: one row per write and object. */
export class WriteRecords1700000000640 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "write_records" (
        "id" uuid NOT NULL,
        "at" timestamptz(3) NOT NULL,
        "actor" text NOT NULL,
        "actor_alias" text,
        "actor_user_id" text,
        "changed_by" text,
        "request_id" text,
        "source_address" text,
        "action" text NOT NULL,
        "object_type" text NOT NULL,
        "object_id" text NOT NULL,
        "object_name" text,
        "before" jsonb,
        "after" jsonb,
        "also_changed" jsonb NOT NULL DEFAULT '[]',
        "also_changed_count" integer NOT NULL DEFAULT 0,
        CONSTRAINT "write_records_pkey" PRIMARY KEY ("id")
      )`);
    await runner.query(`CREATE INDEX "write_records_order" ON "write_records" ("at", "id")`);
    await runner.query(`CREATE INDEX "write_records_object" ON "write_records" ("object_id", "at")`);
    await runner.query(`CREATE INDEX "write_records_actor" ON "write_records" ("actor", "at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "write_records"`);
  }
}
