import type { FieldFault } from '../common/gatehouse-error.js';
import { checkArgumentRules } from '../expressions/argument-rules.js';
import { extraHeaderFaults, staticHeaderFaults, valueFault } from './header-rules.js';
import type { Transport } from './mcp-server.js';
import { displayNameFaults } from './server-names.js';
import type { ServerSettings } from './server-settings.js';

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
    ...sourceUrlFaults(settings.source_url),
  ];
}

const TRANSPORT_RULES: Readonly<Record<Transport, (settings: ServerSettings, limits: ServerLimits) => FieldFault[]>> = {
  http: httpFaults,
  stdio: stdioFaults,
};

function httpFaults(settings: ServerSettings): FieldFault[] {
  return [
    ...urlFaults(settings.url),
    ...credentialFaults(settings),
    ...staticHeaderFaults(settings.static_headers),
    ...extraHeaderFaults(settings.extra_headers),
    ...withoutEffect('stdio', {
      command: settings.command !== null,
      args: settings.args.length > 0,
      env: Object.keys(settings.env).length > 0,
    }),
  ];
}

function stdioFaults(settings: ServerSettings, limits: ServerLimits): FieldFault[] {
  return [
    ...commandFaults(settings.command, limits.stdioCommands),
    ...envFaults(settings.env),
    ...withoutEffect('http', {
      url: settings.url !== null,
      auth_type: settings.auth_type !== null && settings.auth_type !== 'none',
      credentials: settings.credentials !== null,
      static_headers: Object.keys(settings.static_headers).length > 0,
      extra_headers: settings.extra_headers.length > 0,
      protocol_era: settings.protocol_era !== 'auto',
    }),
  ];
}

function withoutEffect(transport: Transport, isSet: Readonly<Record<string, boolean>>): FieldFault[] {
  const fields = Object.keys(isSet).filter((field) => isSet[field]);
  return fields.map((path) => ({ path, message: `has an effect with transport "${transport}" only; remove it` }));
}

function urlFaults(url: string | null): FieldFault[] {
  if (url === null) return [{ path: 'url', message: 'is required with transport "http"' }];
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    return [{ path: 'url', message: 'must be an absolute http or https URL' }];
  }
  if (parsed.hash !== '') return [{ path: 'url', message: 'must not have a fragment (#…)' }];
  return url.includes(MASKED) ? [{ path: 'url', message: 'is the masked form; send the URL itself' }] : [];
}

function credentialFaults({ auth_type: authType, credentials }: ServerSettings): FieldFault[] {
  const value = credentials?.auth_value;
  if (value === undefined) return [];
  if (authType === null || authType === 'none') {
    return [{ path: 'credentials', message: 'has no effect without an auth_type; say how it is sent' }];
  }
  const path = 'credentials.auth_value';
  if (authType === 'basic') return value.includes(':') ? [] : [{ path, message: 'must be user:password' }];
  const message = value.trim() === '' ? 'must not be empty' : valueFault(value);
  return message === null ? [] : [{ path, message }];
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

function sourceUrlFaults(url: string | null): FieldFault[] {
  if (url === null || /^https?:\/\/[^\s]+$/.test(url)) return [];
  return [{ path: 'source_url', message: 'must be an http or https URL' }];
}
