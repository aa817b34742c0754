import type { MigrationInterface, QueryRunner } from 'typeorm';

const APPEND_ONLY = ['audit_records', 'write_records', 'audit_links', 'audit_heads'];

/** Hash chains over the audit records with signed heads, and tables that only grow. */
export class AuditChain1700000000885 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "audit_links" (
        "chain" text NOT NULL,
        "seq" bigint NOT NULL,
        "at" timestamptz(3) NOT NULL,
        "prev" text NOT NULL,
        "hash" text NOT NULL,
        "ids" uuid[] NOT NULL,
        "stored_at" timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT "audit_links_pkey" PRIMARY KEY ("chain", "seq")
      )`);
    await runner.query(`CREATE INDEX "audit_links_stored_at" ON "audit_links" ("stored_at")`);
    await runner.query(`
      CREATE TABLE "audit_heads" (
        "seq" bigint NOT NULL,
        "at" timestamptz(3) NOT NULL,
        "statement" text NOT NULL,
        CONSTRAINT "audit_heads_pkey" PRIMARY KEY ("seq")
      )`);
    await runner.query(`ALTER TABLE "signing_keys" ADD "purpose" text NOT NULL DEFAULT 'tokens'`);
    // The text is hashed, and jsonb would not keep it.
    await runner.query(`ALTER TABLE "audit_records" ALTER COLUMN "guardrails" TYPE json`);
    await runner.query(`INSERT INTO "gatehouse_settings" ("name", "value") VALUES ('audit-chain-since', now()::text)`);
    await runner.query(`
      CREATE FUNCTION "audit_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF current_setting('gatehouse.audit_retention', true) = 'on' AND TG_OP = 'DELETE' THEN RETURN NULL; END IF;
        RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of APPEND_ONLY) {
      await runner.query(`
        CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "${table}"
        FOR EACH STATEMENT EXECUTE FUNCTION "audit_append_only"()`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of APPEND_ONLY) await runner.query(`DROP TRIGGER "audit_append_only" ON "${table}"`);
    await runner.query(`DROP FUNCTION "audit_append_only"()`);
    await runner.query(`DELETE FROM "gatehouse_settings" WHERE "name" = 'audit-chain-since'`);
    await runner.query(`ALTER TABLE "audit_records" ALTER COLUMN "guardrails" TYPE jsonb`);
    await runner.query(`DELETE FROM "signing_keys" WHERE "purpose" <> 'tokens'`);
    await runner.query(`ALTER TABLE "signing_keys" DROP COLUMN "purpose"`);
    await runner.query(`DROP TABLE "audit_heads"`);
    await runner.query(`DROP TABLE "audit_links"`);
  }
}
