import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Since when a key signs nothing any more, because another algorithm or a key of the operator took its place. */
export class RetiredSigningKeys1700000000926 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "signing_keys" ADD COLUMN "retired_at" timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "signing_keys" DROP COLUMN "retired_at"`);
  }
}
