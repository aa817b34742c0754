import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who checks a server now, when it is due again, and what the checks of a day found. */
export class ServerChecks1700000000880 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "server_checks" (
        "server_id" text NOT NULL,
        "leased_until" timestamptz NOT NULL,
        "due_at" timestamptz NOT NULL,
        "failures" integer NOT NULL DEFAULT 0,
        "tools_hash" text,
        CONSTRAINT "server_checks_pkey" PRIMARY KEY ("server_id")
      )`);
    await runner.query(`
      CREATE TABLE "server_health_periods" (
        "server_id" text NOT NULL,
        "since" timestamptz(3) NOT NULL,
        "until" timestamptz(3) NOT NULL,
        "status" text NOT NULL,
        "error" text,
        "checks" integer NOT NULL DEFAULT 1,
        CONSTRAINT "server_health_periods_pkey" PRIMARY KEY ("server_id", "since")
      )`);
    await runner.query(`CREATE INDEX "server_health_periods_until" ON "server_health_periods" ("until")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "server_health_periods"`);
    await runner.query(`DROP TABLE "server_checks"`);
  }
}
