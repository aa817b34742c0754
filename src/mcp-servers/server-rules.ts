import type { FieldFault } from '../common/gatehouse-error.js';
import { checkArgumentRules } from '../expressions/argument-rules.js';
import { envVariableFaults, extraHeaderFaults, staticHeaderFaults } from './header-rules.js';
import type { Transport } from './mcp-server.js';
import { displayNameFaults } from './server-names.js';
import { credentialFaults, tokenFieldFaults } from './credential-rules.js';
import { OAUTH_ADDRESSES, TOKEN_FIELDS, type ServerSettings } from './server-settings.js';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that make a process run other code than the command says. */
const FORBIDDEN_ENV = /^(LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|PATH|PYTHONPATH|PYTHONHOME|PYTHONSTARTUP|BASH_ENV|ENV)$/i;
const MASKED = '***';

/** What the operator allows. */
export interface ServerLimits {
  /** Commands that stdio servers may run, by exact string. */
  readonly stdioCommands: readonly string[];
}

/** Faults of settings in themselves and together. Names and the address of the url are checked elsewhere. */
export function settingsFaults(settings: ServerSettings, limits: ServerLimits): FieldFault[] {
  return [
    ...TRANSPORT_RULES[settings.transport](settings, limits),
    ...displayNameFaults(settings.tool_name_to_display_name),
    ...checkArgumentRules(settings.argument_rules),
    ...linkFaults('source_url', settings.source_url),
    ...linkFaults('byok_api_key_help_url', settings.byok_api_key_help_url),
    ...OAUTH_ADDRESSES.flatMap((field) => linkFaults(field, settings[field])),
    ...linkFaults('token_exchange_endpoint', settings.token_exchange_endpoint),
  ];
}

const TRANSPORT_RULES: Readonly<Record<Transport, (settings: ServerSettings, limits: ServerLimits) => FieldFault[]>> = {
  http: httpFaults,
  sse: sseFaults,
  stdio: stdioFaults,
};

function httpFaults(settings: ServerSettings): FieldFault[] {
  return [
    ...addressFaults(settings),
    ...credentialFaults(settings),
    ...tokenFieldFaults(settings),
    ...envVariableFaults(settings.env_vars),
    ...staticHeaderFaults(settings.static_headers, settings.env_vars),
    ...extraHeaderFaults(settings.extra_headers),
    ...withoutEffect('stdio', {
      command: settings.command !== null,
      args: settings.args.length > 0,
      env: Object.keys(settings.env).length > 0,
    }),
  ];
}

/** The transport is older than the stateless revision, so there is nothing to find out. */
function sseFaults(settings: ServerSettings): FieldFault[] {
  return [...httpFaults(settings), ...withoutEffect('http', { protocol_era: settings.protocol_era !== 'auto' })];
}

function stdioFaults(settings: ServerSettings, limits: ServerLimits): FieldFault[] {
  return [
    ...commandFaults(settings.command, limits.stdioCommands),
    ...envFaults(settings.env),
    ...withoutEffect('http', {
      url: settings.url !== null,
      spec_path: settings.spec_path !== null,
      auth_type: settings.auth_type !== null && settings.auth_type !== 'none',
      credentials: settings.credentials !== null,
      static_headers: Object.keys(settings.static_headers).length > 0,
      extra_headers: settings.extra_headers.length > 0,
      protocol_era: settings.protocol_era !== 'auto',
      env_vars: settings.env_vars.length > 0,
      is_byok: settings.is_byok,
      ...Object.fromEntries([...OAUTH_ADDRESSES, ...TOKEN_FIELDS].map((field) => [field, settings[field] !== null])),
    }),
  ];
}

function withoutEffect(transport: Transport, isSet: Readonly<Record<string, boolean>>): FieldFault[] {
  const fields = Object.keys(isSet).filter((field) => isSet[field]);
  return fields.map((path) => ({ path, message: `has an effect with transport "${transport}" only; remove it` }));
}

function addressFaults({ url, spec_path: specPath, protocol_era: era }: ServerSettings): FieldFault[] {
  if (specPath === null) {
    return url === null
      ? [{ path: 'url', message: 'is required with transports "http" and "sse", unless there is a spec_path' }]
      : urlFaults('url', url);
  }
  const hasQuery = url !== null && URL.canParse(url) && new URL(url).search !== '';
  return [
    ...urlFaults('spec_path', specPath),
    ...(url === null ? [] : urlFaults('url', url)),
    ...(hasQuery
      ? [{ path: 'url', message: 'is the base of the API with a spec_path; it must not have a query' }]
      : []),
    ...(era === 'auto' ? [] : [{ path: 'protocol_era', message: 'has no effect with a spec_path; remove it' }]),
  ];
}

function urlFaults(path: string, url: string): FieldFault[] {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    return [{ path, message: 'must be an absolute http or https URL' }];
  }
  if (parsed.hash !== '') return [{ path, message: 'must not have a fragment (#…)' }];
  return url.includes(MASKED) ? [{ path, message: 'is the masked form; send the URL itself' }] : [];
}

function commandFaults(command: string | null, allowed: readonly string[]): FieldFault[] {
  if (command === null) return [{ path: 'command', message: 'is required with transport "stdio"' }];
  if (allowed.includes(command)) return [];
  const message =
    allowed.length === 0
      ? 'stdio servers are switched off; the operator can allow commands with STDIO_COMMANDS'
      : `must be exactly one of the commands that the operator allows: ${allowed.join(', ')}`;
  return [{ path: 'command', message }];
}

function envFaults(env: Readonly<Record<string, string>>): FieldFault[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const path = `env.${name}`;
    if (!ENV_NAME.test(name)) return [{ path, message: 'must be letters, digits and "_", not beginning with a digit' }];
    if (FORBIDDEN_ENV.test(name)) return [{ path, message: 'changes what the command runs and is not allowed' }];
    return value === MASKED ? [{ path, message: 'is the masked form; send the value itself' }] : [];
  });
}

function linkFaults(path: string, url: string | null): FieldFault[] {
  if (url === null || (/^https?:\/\/[^\s]+$/.test(url) && URL.canParse(url))) return [];
  return [{ path, message: 'must be an http or https URL' }];
}
