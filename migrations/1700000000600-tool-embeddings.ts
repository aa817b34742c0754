import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What embedding models made of the texts of tools. */
export class ToolEmbeddings1700000000600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "tool_embeddings" (
        "model" text NOT NULL,
        "text_hash" text NOT NULL,
        "vector" bytea NOT NULL,
        PRIMARY KEY ("model", "text_hash")
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "tool_embeddings"`);
  }
}
