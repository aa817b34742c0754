import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which request a record is about that is no tool call. */
export class AuditMethod1700000000500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "audit_records" ADD "method" text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "audit_records" DROP COLUMN "method"`);
  }
}
