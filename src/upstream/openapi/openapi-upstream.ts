import { hash } from 'node:crypto';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ToolDefinition } from '../../mcp-servers/tool-definition.js';
import type { UpstreamCredential } from '../../credentials/upstream-credential.js';
import type { DocumentImporter } from '../../openapi/document-importer.js';
import type { ImportedApi, Operation } from '../../openapi/operation.js';
import { UnusableDocument } from '../../openapi/unusable-document.js';
import type { OutboundClient } from '../../outbound/outbound-client.js';
import { Circuit } from '../http/circuit.js';
import type { UpstreamLimits } from '../upstream-limits.js';
import { apiBase, type ApiBase } from './api-base.js';
import { fetchDocument } from './api-source.js';
import { unusableDocument } from './unusable.js';

/** A tool with the operation that it calls. */
export interface ApiTool {
  readonly definition: ToolDefinition;
  readonly operation: Operation;
  readonly base: ApiBase;
}

/** What a document offers, as tools. */
interface KnownApi {
  readonly documentHash: string;
  readonly definitions: readonly ToolDefinition[];
  readonly byName: ReadonlyMap<string, ApiTool>;
  readonly warnings: readonly string[];
}

/** Everything that is remembered about one server object. */
export class OpenApiUpstream {
  readonly circuit: Circuit;
  readonly #documentUrl: URL;
  /** By what was listed: whoever was authorised to call a tool calls the operation that it was at that time. */
  readonly #byDefinition = new WeakMap<ToolDefinition, ApiTool>();
  #known: KnownApi | null = null;
  #loading: Promise<KnownApi> | null = null;

  constructor(
    private readonly server: McpServer,
    private readonly outbound: OutboundClient,
    private readonly importer: DocumentImporter,
    private readonly limits: UpstreamLimits,
  ) {
    this.circuit = new Circuit(limits.circuitPauseMs);
    const text = server.specPath?.reveal() ?? '';
    if (!URL.canParse(text)) throw unusableDocument('the server has no valid spec_path');
    this.#documentUrl = new URL(text);
  }

  /** Of the document as it was last read. */
  get warnings(): readonly string[] {
    return this.#known?.warnings ?? [];
  }

  /**
   * Reads the document; callers that come meanwhile share it.
   * @throws GatehouseError of the `upstream_*` family or `result_too_large`
   */
  async list(credential: UpstreamCredential): Promise<readonly ToolDefinition[]> {
    this.#loading ??= this.#load(credential).finally(() => {
      this.#loading = null;
    });
    return (await this.#loading).definitions;
  }

  /** undefined: the document has no such operation, or it was not read yet. */
  find(tool: ToolDefinition): ApiTool | undefined {
    return this.#byDefinition.get(tool) ?? this.#known?.byName.get(tool.name);
  }

  async #load(credential: UpstreamCredential): Promise<KnownApi> {
    const { server, outbound, limits } = this;
    const document = await fetchDocument(server, credential, this.#documentUrl, { outbound, limits });
    const documentHash = hash('sha256', document, 'hex');
    if (this.#known?.documentHash === documentHash) return this.#known;
    const api = await this.#import(document);
    const base = apiBase(server, this.#documentUrl, api.serverUrl);
    const tools = api.tools.map((tool) => apiTool(tool, base));
    for (const tool of tools) this.#byDefinition.set(tool.definition, tool);
    this.#known = {
      documentHash,
      definitions: tools.map(({ definition }) => definition),
      byName: new Map(tools.map((tool) => [tool.definition.name, tool])),
      warnings: api.warnings,
    };
    return this.#known;
  }

  async #import(document: Buffer): Promise<ImportedApi> {
    try {
      return await this.importer.import(document);
    } catch (error) {
      throw error instanceof UnusableDocument ? unusableDocument(error.message) : error;
    }
  }
}

/** A tool that calls something else than before is another tool, whatever it says of itself. */
function apiTool({ operation, definition }: ImportedApi['tools'][number], base: ApiBase): ApiTool {
  const fingerprint = hash('sha256', JSON.stringify([base, operation]), 'hex').slice(0, 32);
  return {
    definition: { ...definition, _meta: { 'gatehouse/operation': fingerprint } },
    operation,
    base,
  };
}
