import type { Principal } from '../../auth/principal.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import type { ToolCallView } from '../../hooks/hook.types.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import type { ServerRegistry } from '../../mcp-servers/server-registry.js';
import { SILENT_CHANNEL } from '../../tool-calls/silent-channel.js';
import type { ToolCallService } from '../../tool-calls/tool-call.service.js';
import type { ToolCallOutcome } from '../../tool-calls/tool-call.types.js';
import type { WebhookChannel } from './webhook-channel.js';
import type { WebhookQuestion } from './webhook-question.js';

/** Which tool is asked. */
export interface ToolChannelOptions {
  /** Name of the guardrail: in the audit records of its questions it is who calls. */
  readonly guardrail: string;
  readonly server: string;
  readonly tool: string;
  readonly maxQuestionBytes: number;
  readonly maxAnswerBytes: number;
}

/**
 * Asks a tool of an MCP server. The question is a tool call like any other: it takes the one road as a caller that may
 * call this one tool, its own guardrails run, and it is recorded. Only guardrails that are tools pass it by, for a
 * question about a question would have no end.
 */
export class ToolChannel implements WebhookChannel {
  private principal: { readonly server: McpServer; readonly value: Principal } | null = null;

  constructor(
    private readonly options: ToolChannelOptions,
    private readonly registry: ServerRegistry,
    private readonly calls: Pick<ToolCallService, 'execute'>,
  ) {}

  passesBy({ origin }: ToolCallView): boolean {
    return origin === 'guardrail';
  }

  async ask({ body }: WebhookQuestion, call: ToolCallView): Promise<JsonObject> {
    const { guardrail, tool, maxQuestionBytes, maxAnswerBytes } = this.options;
    const server = this.registry.current.resolve(this.options.server);
    if (server === undefined) throw new Error('the server of its tool is not there');
    if (Buffer.byteLength(JSON.stringify(body)) > maxQuestionBytes) {
      throw new Error(`the call is larger than max_question_bytes (${maxQuestionBytes})`);
    }
    const outcome = await this.calls.execute({
      origin: 'guardrail',
      door: 'guardrail',
      // Leads from the question to the call that it is about.
      requestId: call.callId,
      sourceAddress: null,
      principal: this.principalFor(server),
      access: {
        route: `/guardrails/${guardrail}`,
        scope: { kind: 'server', reference: server.id },
        serversHeader: null,
        external: false,
      },
      name: tool,
      arguments: body,
      headers: {},
      signal: call.signal,
      client: SILENT_CHANNEL,
    });
    return answerOf(outcome, maxAnswerBytes);
  }

  /** A caller that is granted one tool of one server, and nothing else. */
  private principalFor(server: McpServer): Principal {
    if (this.principal?.server !== server) {
      this.principal = { server, value: principalOf(this.options.guardrail, server.id, this.options.tool) };
    }
    return this.principal.value;
  }
}

function principalOf(guardrail: string, serverId: string, tool: string): Principal {
  const id = `guardrail:${guardrail}`;
  const objectPermission = {
    mcp_servers: null,
    mcp_access_groups: null,
    mcp_tool_permissions: { [serverId]: [tool] },
    mcp_toolsets: null,
    blocked_tools: null,
  };
  return Object.freeze<Principal>({
    kind: 'virtual_key',
    id,
    role: 'internal_user',
    keyHash: null,
    keyAlias: id,
    userId: null,
    teamId: null,
    organizationId: null,
    customerId: null,
    agentId: null,
    allowedRoutes: [],
    guardrails: [],
    jwtClaims: null,
    levels: [{ kind: 'key', id, objectPermission, accessGroupIds: [], closed: false }],
    levelMissing: false,
  });
}

function answerOf(outcome: ToolCallOutcome, maxBytes: number): JsonObject {
  if (outcome.failure !== undefined) throw new Error(`its tool could not be asked: ${outcome.failure.code}`);
  if (outcome.kind === 'error' || outcome.result.isError === true) throw new Error('its tool answered with an error');
  const { structuredContent, content } = outcome.result;
  if (structuredContent === undefined) return parsed(textOf(content), maxBytes);
  return parsed(JSON.stringify(structuredContent), maxBytes);
}

function textOf(content: JsonValue | undefined): string {
  const [first] = Array.isArray(content) ? content : [];
  if (isJsonObject(first) && typeof first.text === 'string') return first.text;
  throw new Error('its tool answered neither structured content nor a text');
}

function parsed(text: string, maxBytes: number): JsonObject {
  if (Buffer.byteLength(text) > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
  const document: unknown = parseJson(text);
  if (!isJsonObject(document)) throw new Error('the answer is not a JSON object');
  return document;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON');
  }
}
