import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row of `tool_embeddings`: what a model made of the text of a tool. Rows are inserted and never changed. */
@Entity('tool_embeddings')
export class ToolEmbeddingEntity {
  /** Base URL and name of the model at its provider. */
  @PrimaryColumn('text')
  model: string;

  /** SHA-256 of the text, in hex. */
  @PrimaryColumn('text')
  text_hash: string;

  /** 32-bit floats, little endian, of length 1 together. */
  @Column('bytea')
  vector: Buffer;
}
