import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GatehouseError } from '../common/gatehouse-error.js';
import { fieldFaults } from '../common/validation.js';
import { DocumentCheck } from '../mcp-servers/document-check.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { ToolLister } from '../upstream/tool-lister.js';

/** How long fetching and reading a document may hold up a write. */
const LIMIT_MS = 10_000;

/** Checks a document by making its tools, under an id of its own. Nothing is kept. */
@Injectable()
export class ListedDocumentCheck extends DocumentCheck {
  constructor(private readonly lister: ToolLister) {
    super();
  }

  async check(server: McpServer): Promise<void> {
    const draft = { ...server, id: randomUUID() };
    try {
      await this.lister.list(draft, null, AbortSignal.timeout(LIMIT_MS));
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      if (error.code !== 'upstream_protocol_error') return;
      throw fieldFaults([{ path: 'spec_path', message: `is refused. ${error.publicMessage}` }]);
    } finally {
      await this.lister.forget(draft);
    }
  }
}
