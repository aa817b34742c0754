import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Facts that the installation keeps about itself. */
export class Settings1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "gatehouse_settings" (
        "name" text NOT NULL,
        "value" text NOT NULL,
        CONSTRAINT "PK_gatehouse_settings" PRIMARY KEY ("name")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "gatehouse_settings"`);
  }
}
