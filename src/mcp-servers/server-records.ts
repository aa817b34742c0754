import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { GatehouseError } from '../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import { stateOf } from '../write-log/changed-fields.js';
import { SecretDigest } from '../write-log/secret-digest.js';
import type { ObjectReference, WrittenObject } from '../write-log/written-object.js';
import { maskArguments, maskUrl } from './masking.js';
import { McpServerCodec } from './mcp-server.codec.js';
import { McpServerEntity } from './mcp-server.entity.js';
import type { ServerDetails } from './server-details.js';

/** Fields that hold no secrets. Any other one, those that are added later too, is shown as digests. */
const PLAIN: ReadonlySet<string> = new Set<keyof ServerDetails>([
  ...(['server_id', 'server_name', 'alias', 'description', 'instructions', 'transport', 'auth_type'] as const),
  ...(['extra_headers', 'command', 'allowed_tools', 'disallowed_tools', 'allowed_params', 'argument_rules'] as const),
  ...(['tool_name_to_display_name', 'tool_name_to_description', 'mcp_info', 'allow_all_keys'] as const),
  ...(['available_on_public_internet', 'mcp_access_groups', 'guardrails', 'timeout'] as const),
  ...(['max_concurrent_requests', 'protocol_era', 'session_mode', 'health_check_interval', 'source_url'] as const),
  ...(['issuer', 'authorization_url', 'registration_url'] as const),
  ...(['oauth2_flow', 'audience', 'subject_token_type', 'token_exchange_profile'] as const),
  ...(['is_byok', 'byok_description', 'byok_api_key_help_url', 'is_public'] as const),
  ...(['approval_status', 'submitted_by', 'submitted_at', 'reviewed_at', 'review_notes'] as const),
]);
/** Addresses that may hold a secret, whose hosts are shown. */
const MASKED_ADDRESSES: ReadonlySet<string> = new Set<keyof ServerDetails>([
  ...(['url', 'token_url', 'token_exchange_endpoint'] as const),
]);
/** Results of checks, which no management write makes. */
const LEFT_OUT: ReadonlySet<string> = new Set<keyof ServerDetails>([
  'health_status',
  'last_health_check',
  'health_check_error',
  'is_config',
]);

type States = ReadonlyMap<string, JsonObject>;

/** Servers before and after a write, by id; one that is missing was, or is, not there. */
export interface ServerStates {
  readonly before: States;
  readonly after: States;
}

/** Servers as records of writes show them: secrets as digests, what may hold some masked as well. */
@Injectable()
export class ServerRecords {
  constructor(
    private readonly codec: McpServerCodec,
    private readonly digest: SecretDigest,
  ) {}

  /** The stored states by id; those that are not there are missing. */
  async statesOf(serverIds: readonly string[], manager: EntityManager): Promise<States> {
    if (serverIds.length === 0) return new Map();
    const rows = await manager.findBy(McpServerEntity, { server_id: In([...serverIds]) });
    return new Map(rows.map((row) => [row.server_id, this.state(this.readable(row))]));
  }

  /** What a write did; null: there was no such server and there is none. */
  written(
    serverId: string,
    states: ServerStates,
    { verb, also }: { readonly verb: string | undefined; readonly also: readonly ObjectReference[] },
  ): WrittenObject | null {
    const before = states.before.get(serverId) ?? null;
    const after = states.after.get(serverId) ?? null;
    const shown = after ?? before;
    if (shown === null) return null;
    const done = before === null ? 'create' : after === null ? 'delete' : 'update';
    const name = shown['alias'] ?? shown['server_name'] ?? null;
    return {
      type: 'mcp_server',
      id: serverId,
      verb: verb ?? done,
      name: typeof name === 'string' ? name : null,
      ...{ before, after, also },
    };
  }

  /** A row whose encryption key is lost can be deleted too; its envelopes are digested as they are. */
  private readable(row: McpServerEntity): ServerDetails | McpServerEntity {
    try {
      return this.codec.toDetails(row);
    } catch (error) {
      if (error instanceof GatehouseError) return row;
      throw error;
    }
  }

  private state(details: ServerDetails | McpServerEntity): JsonObject {
    const fields = Object.entries(stateOf(details)).filter(([name]) => !LEFT_OUT.has(name));
    return Object.fromEntries(
      fields.map(([name, value]) => [name, PLAIN.has(name) ? value : this.hidden(name, value)]),
    );
  }

  private hidden(name: string, value: JsonValue): JsonValue {
    if (value === null) return null;
    if (name === 'env_vars' && Array.isArray(value)) return value.map((entry) => this.variable(entry));
    if (MASKED_ADDRESSES.has(name) && typeof value === 'string')
      return { masked: maskUrl(value), digest: this.digest.of(value) };
    if (name === 'args' && isTextList(value)) {
      return { masked: maskArguments(value), digest: this.digest.of(JSON.stringify(value)) };
    }
    return this.digests(value);
  }

  /** What it is called and who fills it in stay. */
  private variable(entry: JsonValue): JsonValue {
    return isJsonObject(entry) ? { ...entry, value: this.digests(entry['value'] ?? null) } : this.digests(entry);
  }

  /** Names stay, since they tell which header or variable it is; every value becomes a digest. */
  private digests(value: JsonValue): JsonValue {
    if (value === null) return null;
    if (Array.isArray(value)) return value.map((entry) => this.digests(entry));
    if (typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, this.digests(entry)]));
    }
    return this.digest.of(String(value));
  }
}

function isTextList(value: JsonValue): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
