import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For which customer a recorded call was made, and what it cost. */
export class AuditDetails1700000000420 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "audit_records" ADD "customer_id" text, ADD "cost" double precision`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "audit_records" DROP COLUMN "cost", DROP COLUMN "customer_id"`);
  }
}
