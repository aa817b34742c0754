/** The embedding model did not answer, or not with embeddings. The message is for the log. */
export class EmbeddingFailed extends Error {
  override readonly name = 'EmbeddingFailed';
}
