import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { DocumentImporter } from './document-importer.js';
import { UnusableDocument } from './unusable-document.js';

const bytesOf = (document: unknown): Buffer => Buffer.from(JSON.stringify(document));
const importer = new DocumentImporter();

/** In the shape of a large published description: many operations with schemas of their own. */
function largeDocument(bytes: number): Buffer {
  const operations = 1_000;
  const text = 'What this member is good for. '.repeat(Math.ceil(bytes / operations / 10 / 30));
  const properties = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`m${i}`, { type: 'string', description: text }]),
  );
  const paths = Object.fromEntries(
    Array.from({ length: operations }, (_, i) => [
      `/things/${i}`,
      { post: { requestBody: { content: { 'application/json': { schema: { type: 'object', properties } } } } } },
    ]),
  );
  return bytesOf({ openapi: '3.1.0', paths });
}

describe('a document', () => {
  it('becomes tools in another thread', async () => {
    const api = await importer.import(bytesOf({ openapi: '3.0.0', paths: { '/a': { get: { operationId: 'a' } } } }));
    expect(api).toMatchObject({ tools: [{ definition: { name: 'a' } }], warnings: [], serverUrl: null });
  });

  it('that cannot be used is refused with the reason, and the next one is imported', async () => {
    await expect(importer.import(bytesOf([]))).rejects.toThrow(new UnusableDocument('it is not a map'));
    const paths = { '/b': { get: {} } };
    expect((await importer.import(bytesOf({ openapi: '3.0.0', paths }))).tools).toHaveLength(1);
  });

  it('of 5 MiB leaves the event loop free', async () => {
    const document = largeDocument(5 * 1024 * 1024);
    expect(document.length).toBeGreaterThan(5 * 1024 * 1024);
    const progress = { ended: false, turns: 0 };
    const imported = importer.import(document).finally(() => (progress.ended = true));
    while (!progress.ended) {
      await sleep(1);
      progress.turns++;
    }
    expect((await imported).tools).toHaveLength(1_000);
    // Reading it in this thread would leave room for one or two.
    expect(progress.turns).toBeGreaterThan(10);
  });
});
