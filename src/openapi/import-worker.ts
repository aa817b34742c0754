import { parentPort, workerData } from 'node:worker_threads';
import { readApiDocument } from './api-document.js';
import { importApi } from './import-api.js';
import type { ImportMessage } from './import-message.js';
import type { ImportedApi, OperationTool } from './operation.js';
import { UnusableDocument } from './unusable-document.js';

/** What the other side reads at once, in characters of JSON. */
const PART_CHARACTERS = 256 * 1024;

/** A thread that imports one document and hands it over in parts, each when it is asked for. */
function main(text: string): void {
  const messages = outcomeOf(text);
  const sendNext = (): void => {
    const { value } = messages.next();
    if (value !== undefined) parentPort?.postMessage(value);
  };
  parentPort?.on('message', sendNext);
  sendNext();
}

function* outcomeOf(text: string): Generator<ImportMessage, undefined> {
  let api: ImportedApi;
  try {
    api = importApi(readApiDocument(text));
  } catch (error) {
    if (!(error instanceof UnusableDocument)) throw error;
    yield { kind: 'unusable', reason: error.message };
    return;
  }
  for (const tools of partsOf(api.tools)) yield { kind: 'tools', tools };
  yield { kind: 'end', warnings: api.warnings, serverUrl: api.serverUrl };
}

function* partsOf(tools: readonly OperationTool[]): Generator<string> {
  let part: string[] = [];
  let size = 0;
  for (const tool of tools) {
    const json = JSON.stringify(tool);
    part.push(json);
    size += json.length;
    if (size < PART_CHARACTERS) continue;
    yield `[${part.join(',')}]`;
    part = [];
    size = 0;
  }
  yield `[${part.join(',')}]`;
}

main(Buffer.from(workerData as Uint8Array).toString('utf8'));
