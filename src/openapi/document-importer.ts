import { Worker } from 'node:worker_threads';
import type { ImportMessage } from './import-message.js';
import type { ImportedApi, OperationTool } from './operation.js';
import { UnusableDocument } from './unusable-document.js';

const HERE = import.meta.url;
/** A thread runs JavaScript, also where the rest runs as TypeScript. */
const WORKER = HERE.endsWith('.ts')
  ? new URL('../../dist/src/openapi/import-worker.js', HERE)
  : new URL('./import-worker.js', HERE);
const LIMIT_MS = 10_000;
const HEAP_MIB = 1_024;

/**
 * Imports documents in a thread of its own, one at a time: reading a large one takes seconds, and calls go on meanwhile.
 * A document that takes too much time or memory ends its thread and nothing else.
 */
export class DocumentImporter {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param bytes of the document, in UTF-8
   * @throws UnusableDocument that says what is wrong
   */
  import(bytes: Uint8Array): Promise<ImportedApi> {
    const imported = this.#last.then(() => importInThread(bytes));
    this.#last = imported.catch(() => undefined);
    return imported;
  }
}

function importInThread(bytes: Uint8Array): Promise<ImportedApi> {
  const worker = new Worker(WORKER, { workerData: bytes, resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } });
  worker.unref();
  const tools: OperationTool[] = [];
  return new Promise<ImportedApi>((resolve, reject) => {
    const fail = (reason: string): void => reject(new UnusableDocument(reason));
    const timer = setTimeout(() => fail(`it takes more than ${LIMIT_MS / 1_000} seconds to read`), LIMIT_MS).unref();
    worker.on('message', (message: ImportMessage) => {
      if (message.kind === 'unusable') return fail(message.reason);
      if (message.kind === 'end') {
        return resolve({ tools, warnings: message.warnings, serverUrl: message.serverUrl });
      }
      // In parts, so that other work has its turn in between.
      tools.push(...(JSON.parse(message.tools) as OperationTool[]));
      worker.postMessage('next');
    });
    worker.on('error', () => fail('it cannot be read'));
    worker.on('exit', () => {
      clearTimeout(timer);
      fail('it cannot be read');
    });
  }).finally(() => void worker.terminate());
}
