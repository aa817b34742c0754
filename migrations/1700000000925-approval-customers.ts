import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For which customer a call waits, and the requests of one credential at hand. */
export class ApprovalCustomers1700000000925 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "approvals" ADD COLUMN "customer_id" text`);
    await runner.query(`CREATE INDEX "approvals_caller" ON "approvals" ("caller", "status")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX "approvals_caller"`);
    await runner.query(`ALTER TABLE "approvals" DROP COLUMN "customer_id"`);
  }
}
