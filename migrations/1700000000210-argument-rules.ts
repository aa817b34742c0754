import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Conditions on the arguments of the tools of a server. */
export class ArgumentRules1700000000210 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "mcp_servers" ADD "argument_rules" jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "mcp_servers" DROP COLUMN "argument_rules"`);
  }
}
