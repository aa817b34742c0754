import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counters that tell replicas that something changed. */
export class PolicyVersions1700000000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "policy_versions" (
        "name" text NOT NULL,
        "version" bigint NOT NULL,
        CONSTRAINT "PK_policy_versions" PRIMARY KEY ("name")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "policy_versions"`);
  }
}
