import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the calls of a key, team, user, customer, agent or organisation have cost so far. */
export class Spend1700000000400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "spend" (
        "level_kind" text NOT NULL,
        "level_id" text NOT NULL,
        "amount" double precision NOT NULL,
        CONSTRAINT "spend_pkey" PRIMARY KEY ("level_kind", "level_id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "spend"`);
  }
}
