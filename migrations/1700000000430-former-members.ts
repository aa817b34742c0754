import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users who were taken out of a team. */
export class FormerMembers1700000000430 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "teams" ADD "former_members" jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "teams" DROP COLUMN "former_members"`);
  }
}
