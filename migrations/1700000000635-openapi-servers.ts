import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Servers made of an OpenAPI document. `spec_path` is encrypted. */
export class OpenApiServers1700000000635 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "mcp_servers" ADD COLUMN "spec_path" text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "mcp_servers" DROP COLUMN "spec_path"`);
  }
}
