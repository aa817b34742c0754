import { Injectable, Logger } from '@nestjs/common';
import { GatehouseError, messageOf } from '../common/gatehouse-error.js';
import { DraftSettings } from '../mcp-servers/temporary/draft-settings.service.js';
import type { SettingsChange } from '../mcp-servers/server-settings.js';
import type { ToolDefinition } from '../mcp-servers/tool-definition.js';
import { ToolLister } from '../upstream/tool-lister.js';

/** How long one test may take. */
const LIMIT_MS = 10_000;

/** What a test found: tools, or a text that may be shown. */
export type ServerTest =
  | { readonly ok: true; readonly tools: readonly ToolDefinition[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Tries settings out before they are saved. Nothing is kept, and no tool is called. */
@Injectable()
export class ServerTestService {
  private readonly logger = new Logger(ServerTestService.name);

  constructor(
    private readonly drafts: DraftSettings,
    private readonly lister: ToolLister,
  ) {}

  /**
   * Connects to a server with these settings, under an id of its own, and lists its tools.
   * @throws GatehouseError `invalid_request` with every fault of the settings
   */
  async test(serverId: string | null, sent: SettingsChange): Promise<ServerTest> {
    const server = this.drafts.toServer(await this.drafts.complete(serverId, sent));
    try {
      const tools = await this.lister.list(server, null, AbortSignal.timeout(LIMIT_MS));
      return { ok: true, tools, warnings: this.lister.warnings(server) };
    } catch (error) {
      this.logger.log(`a test of a server failed: ${messageOf(error)}`);
      return { ok: false, message: publicTextOf(error) };
    } finally {
      await this.lister.forget(server);
    }
  }
}

function publicTextOf(error: unknown): string {
  if (!(error instanceof GatehouseError)) return 'The server could not be tested.';
  return error.code === 'call_cancelled' ? 'The server did not answer in time.' : error.publicMessage;
}
