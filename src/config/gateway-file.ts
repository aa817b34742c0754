import { readFileSync } from 'node:fs';
import { systemCodeOf } from '../common/gatehouse-error.js';
import type { AuthorizationServerConfig } from './authorization-server.js';
import type { Config, OutboundAllowEntry } from './config.js';
import { InvalidValue } from './configuration-error.js';
import type { ConfiguredServer } from './configured-server.js';
import type { GuardrailEntry } from './guardrail-entry.js';
import type { JwtIssuer } from './jwt-issuer.js';
import type { ModelEndpoint, SemanticFilterSettings } from './model-endpoint.js';
import { parseAuthorizationServer } from './parse-authorization-server.js';
import { parseGuardrails } from './parse-guardrails.js';
import { parseJwtIssuers } from './parse-jwt-issuers.js';
import { MANAGEMENT_KEYS, parseManagement, type ManagementSettings } from './parse-management.js';
import { parseMcpServers } from './parse-mcp-servers.js';
import { parseModelList } from './parse-model-list.js';
import { parseSemanticFilter } from './parse-semantic-filter.js';
import { YamlSetting } from './yaml-setting.js';

const SECTIONS = ['general_settings', 'guardrails', 'litellm_settings', 'mcp_servers', 'model_list'] as const;
const SETTING_KEYS = ['jwt_issuers', 'authorization_server', 'unknown_customers', ...MANAGEMENT_KEYS] as const;
const LITELLM_KEYS = ['mcp_aliases', 'mcp_semantic_tool_filter'] as const;

/** What gateway.yaml says. */
export interface GatewayFile {
  readonly jwtIssuers: readonly JwtIssuer[];
  readonly authorizationServer: AuthorizationServerConfig | null;
  readonly unknownCustomers: Config['unknownCustomers'];
  readonly management: ManagementSettings;
  readonly guardrails: readonly GuardrailEntry[];
  readonly models: readonly ModelEndpoint[];
  readonly semanticFilter: SemanticFilterSettings;
  readonly mcpServers: readonly ConfiguredServer[];
  /** Everything that is wrong with it; each names its line and field, and never a value. */
  readonly faults: readonly string[];
  /** Paths of keys that are not read, so that a start can warn about each by name. */
  readonly ignoredKeys: readonly string[];
}

/** What reading a file depends on. */
export interface GatewayFileContext {
  /** Where `os.environ/NAME` is looked up. */
  readonly env: NodeJS.ProcessEnv;
  readonly outboundAllow: readonly OutboundAllowEntry[];
}

/**
 * Reads gateway.yaml.
 * @throws InvalidValue when the file cannot be read or is not YAML; the message names the line, not its text
 */
export function readGatewayFile(path: string, { env, outboundAllow }: GatewayFileContext): GatewayFile {
  const faults: string[] = [];
  const ignoredKeys: string[] = [];
  const file = YamlSetting.parse(contentOf(path), env, { faults, ignoredKeys });
  const top = file.members(SECTIONS);
  const settings = top.general_settings.members(SETTING_KEYS);
  const { mcp_aliases, mcp_semantic_tool_filter } = top.litellm_settings.members(LITELLM_KEYS);
  const models = Object.freeze(parseModelList(top.model_list));
  return {
    jwtIssuers: Object.freeze(parseJwtIssuers(settings.jwt_issuers, outboundAllow)),
    authorizationServer: parseAuthorizationServer(settings.authorization_server, outboundAllow),
    unknownCustomers: settings.unknown_customers.parsed(parseUnknownCustomers) ?? 'allow',
    management: Object.freeze(parseManagement(settings)),
    guardrails: Object.freeze(parseGuardrails(top.guardrails, path)),
    models,
    semanticFilter: parseSemanticFilter(mcp_semantic_tool_filter, models),
    mcpServers: Object.freeze(parseMcpServers(top.mcp_servers, mcp_aliases)),
    faults,
    ignoredKeys,
  };
}

/**
 * Reads the file of a running gateway again.
 * @throws InvalidValue as {@link readGatewayFile}
 */
export function rereadGatewayFile(path: string, { outboundAllow }: Pick<Config, 'outboundAllow'>): GatewayFile {
  return readGatewayFile(path, { env: process.env, outboundAllow });
}

function parseUnknownCustomers(text: string): Config['unknownCustomers'] {
  if (text === 'allow' || text === 'deny') return text;
  throw new InvalidValue('must be allow or deny');
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new InvalidValue(
      `cannot be read (${systemCodeOf(thrown) ?? 'unknown error'}): check its path and permissions`,
    );
  }
}
