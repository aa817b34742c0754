import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that the gateway signs tokens with. */
export class SigningKeys1700000000710 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "signing_keys" (
        "kid" text NOT NULL,
        "algorithm" text NOT NULL,
        "private_key" text NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT now(),
        "signs_from" timestamptz NOT NULL,
        CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("kid")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "signing_keys"`);
  }
}
