import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that are shown tools for searching in place of all tools. */
export class ToolSearch1700000000860 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "virtual_keys" ADD "mcp_tool_search" boolean NOT NULL DEFAULT false`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "virtual_keys" DROP COLUMN "mcp_tool_search"`);
  }
}
