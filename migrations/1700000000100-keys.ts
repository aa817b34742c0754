import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Virtual keys, by their hashes. */
export class VirtualKeys1700000000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "virtual_keys" (
        "token" text NOT NULL,
        "key_name" text NOT NULL,
        "key_alias" text,
        "expires" timestamptz(3),
        "blocked" boolean NOT NULL DEFAULT false,
        "allowed_routes" text[] NOT NULL DEFAULT '{}',
        "object_permission" jsonb,
        "permission_closed" boolean NOT NULL DEFAULT false,
        "metadata" jsonb NOT NULL DEFAULT '{}',
        "revision" integer NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "created_by" text NOT NULL,
        "updated_at" timestamptz(3) NOT NULL,
        "updated_by" text NOT NULL,
        CONSTRAINT "virtual_keys_pkey" PRIMARY KEY ("token")
      )`);
    await runner.query(`CREATE INDEX "virtual_keys_order" ON "virtual_keys" ("created_at", "token")`);
    await runner.query(
      `CREATE UNIQUE INDEX "virtual_keys_alias" ON "virtual_keys" ("key_alias") WHERE key_alias IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "virtual_keys"`);
  }
}
