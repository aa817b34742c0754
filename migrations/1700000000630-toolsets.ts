import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Named selections of tools, each `{server_id, tool_name}`. */
export class Toolsets1700000000630 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "mcp_toolsets" (
        "toolset_id" text NOT NULL,
        "toolset_name" text NOT NULL,
        "description" text,
        "tools" jsonb NOT NULL DEFAULT '[]',
        "revision" integer NOT NULL,
        "created_at" timestamptz(3) NOT NULL,
        "created_by" text NOT NULL,
        "updated_at" timestamptz(3) NOT NULL,
        "updated_by" text NOT NULL,
        CONSTRAINT "mcp_toolsets_pkey" PRIMARY KEY ("toolset_id")
      )`);
    await runner.query(`CREATE UNIQUE INDEX "mcp_toolsets_name" ON "mcp_toolsets" ("toolset_name")`);
    await runner.query(`CREATE INDEX "mcp_toolsets_order" ON "mcp_toolsets" ("created_at", "toolset_id")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "mcp_toolsets"`);
  }
}
