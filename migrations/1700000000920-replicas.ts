import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The processes that hand requests over to each other. */
export class Replicas1700000000920 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "replicas" (
        "id" text NOT NULL,
        "url" text NOT NULL,
        "seen_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "replicas_pkey" PRIMARY KEY ("id")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "replicas"`);
  }
}
