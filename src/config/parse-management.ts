import { InvalidValue } from './configuration-error.js';
import type { YamlSetting } from './yaml-setting.js';

/** How the management API of servers behaves; members of `general_settings` in gateway.yaml. */
export interface ManagementSettings {
  /** `mcp_required_fields`: fields that a submission must fill in. */
  readonly requiredFields: readonly SubmittedField[];
  /** `enable_mcp_registry`: is `/v1/mcp/registry.json` served? */
  readonly registryEnabled: boolean;
  /** `user_mcp_management_mode: view_all`: callers list all servers, as far as their view shows them. */
  readonly listAllServers: boolean;
}

/** Fields that a caller without an admin role may submit. */
export const SUBMITTED_FIELDS = [
  ...(['server_name', 'alias', 'description', 'url', 'spec_path', 'transport', 'auth_type'] as const),
  ...([
    'static_headers',
    'extra_headers',
    'authorization_url',
    'token_url',
    'registration_url',
    'allowed_tools',
  ] as const),
  ...(['tool_name_to_display_name', 'tool_name_to_description', 'mcp_info', 'source_url', 'env_vars'] as const),
] as const;
export type SubmittedField = (typeof SUBMITTED_FIELDS)[number];

/** Keys of `general_settings` that are read here. */
export const MANAGEMENT_KEYS = ['mcp_required_fields', 'enable_mcp_registry', 'user_mcp_management_mode'] as const;

/** Without gateway.yaml. */
export const DEFAULT_MANAGEMENT: ManagementSettings = Object.freeze({
  requiredFields: [],
  registryEnabled: false,
  listAllServers: false,
});

/** Reads the settings; faults are gathered by the reader. */
export function parseManagement(
  settings: Readonly<Record<(typeof MANAGEMENT_KEYS)[number], YamlSetting>>,
): ManagementSettings {
  const required = settings.mcp_required_fields;
  const named = required.texts() ?? [];
  const unknown = named.filter((name) => !isSubmittedField(name));
  if (unknown.length > 0) required.fault(`may name only: ${SUBMITTED_FIELDS.join(', ')}`);
  return {
    requiredFields: named.filter(isSubmittedField),
    registryEnabled: settings.enable_mcp_registry.flag() ?? false,
    listAllServers: settings.user_mcp_management_mode.parsed(parseMode) ?? false,
  };
}

function isSubmittedField(name: string): name is SubmittedField {
  return SUBMITTED_FIELDS.some((field) => field === name);
}

function parseMode(text: string): boolean {
  if (text === 'view_all') return true;
  if (text === 'restricted') return false;
  throw new InvalidValue('must be restricted or view_all');
}
