import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../common/secret.js';
import type { Config } from '../config/config.js';
import type { GatewayFile } from '../config/gateway-file.js';
import type { GuardrailEntry } from '../config/guardrail-entry.js';
import type { MANAGEMENT_KEYS, ManagementSettings } from '../config/parse-management.js';

/** Settings of the file that only a start reads. */
type StartSettings = Pick<
  Config,
  'jwtIssuers' | 'authorizationServer' | 'unknownCustomers' | 'guardrails' | 'management' | 'models' | 'semanticFilter'
>;

const MANAGEMENT_NAMES: Readonly<Record<keyof ManagementSettings, (typeof MANAGEMENT_KEYS)[number]>> = {
  requiredFields: 'mcp_required_fields',
  registryEnabled: 'enable_mcp_registry',
  listAllServers: 'user_mcp_management_mode',
};
const MANAGEMENT = Object.entries(MANAGEMENT_NAMES) as [keyof ManagementSettings, string][];

/** Paths of what differs from the start and cannot be taken over by a running gateway. */
export function restartNeeded(started: StartSettings, file: GatewayFile): string[] {
  const paths: string[] = [];
  if (!isDeepStrictEqual(started.jwtIssuers, file.jwtIssuers)) paths.push('general_settings.jwt_issuers');
  if (!isDeepStrictEqual(revealed(started.authorizationServer), revealed(file.authorizationServer))) {
    paths.push('general_settings.authorization_server');
  }
  if (started.unknownCustomers !== file.unknownCustomers) paths.push('general_settings.unknown_customers');
  for (const [setting, key] of MANAGEMENT) {
    if (!isDeepStrictEqual(started.management[setting], file.management[setting]))
      paths.push(`general_settings.${key}`);
  }
  if (!isDeepStrictEqual(revealed(started.models), revealed(file.models))) paths.push('model_list');
  if (!isDeepStrictEqual(revealed(started.semanticFilter), revealed(file.semanticFilter))) {
    paths.push('litellm_settings.mcp_semantic_tool_filter');
  }
  const before = started.guardrails.map(withoutActivation);
  if (!isDeepStrictEqual(before, file.guardrails.map(withoutActivation))) paths.push('guardrails (but for default_on)');
  return paths;
}

/** Guardrails that were loaded at the start, with whether they are to run by default now. */
export function guardrailActivation({ guardrails }: StartSettings, file: GatewayFile): ReadonlyMap<string, boolean> {
  const loaded = new Set(guardrails.map(({ name }) => name));
  const entries = file.guardrails.filter(({ name }) => loaded.has(name));
  return new Map(entries.map(({ name, defaultOn }) => [name, defaultOn]));
}

/** Where its settings are written does not count either. */
function withoutActivation({ defaultOn: _defaultOn, source, ...entry }: GuardrailEntry): object {
  if (source.kind === 'module') return { ...entry, source };
  return { ...entry, builtIn: source.builtIn, settings: source.settings.values };
}

/** Secrets keep what they hold from every comparison. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealed(member)]));
}
