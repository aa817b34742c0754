import { ConfigurationError } from '../config/configuration-error.js';
import type { CheckBuiltIn } from '../config/guardrail-entry.js';
import { loadConfig, type LoadedConfig } from '../config/load-config.js';
import type { GatehouseOptions, GatehouseSettings } from './gatehouse-options.js';

/** The variable that each setting stands for, so that both are checked by the same code. */
const VARIABLES: Readonly<Record<keyof GatehouseSettings, string>> = {
  databaseUrl: 'DATABASE_URL',
  redisUrl: 'REDIS_URL',
  dataDir: 'DATA_DIR',
  masterKey: 'MASTER_KEY',
  encryptionKeys: 'ENCRYPTION_KEYS',
  publicBaseUrl: 'PUBLIC_BASE_URL',
  configFile: 'CONFIG_FILE',
  outboundAllow: 'OUTBOUND_ALLOW',
  stdioCommands: 'STDIO_COMMANDS',
  allowedOrigins: 'ALLOWED_ORIGINS',
  allowedHosts: 'ALLOWED_HOSTS',
  trustedProxies: 'TRUSTED_PROXIES',
  metricsPublic: 'METRICS_PUBLIC',
  approveOwnCalls: 'APPROVE_OWN_CALLS',
  runMigrations: 'MIGRATIONS_RUN',
  toolPrefixSeparator: 'MCP_TOOL_PREFIX_SEPARATOR',
  sessionIdleSeconds: 'SESSION_IDLE_SECONDS',
};
const SETTINGS = new Map(Object.entries(VARIABLES).map(([setting, variable]) => [variable, setting]));
const OTHER_OPTIONS: ReadonlySet<string> = new Set(['path', 'guardrails', 'guards', 'interceptors']);
const VARIABLE = /\b[A-Z]+(?:_[A-Z]+)+\b/g;

/**
 * The configuration that the options stand for.
 * @param env of the process: for NODE_ENV, and for `os.environ/NAME` in the configuration file
 * @param checkBuiltIn says what is wrong with the settings of a built-in guardrail
 * @throws ConfigurationError with every fault, by the names of the options
 */
export function configOfOptions(
  options: GatehouseOptions,
  env: NodeJS.ProcessEnv,
  checkBuiltIn: CheckBuiltIn,
): LoadedConfig {
  const stranger = Object.keys(options).find((name) => !(name in VARIABLES) && !OTHER_OPTIONS.has(name));
  if (stranger !== undefined) throw new ConfigurationError([{ variable: stranger, message: 'is not an option' }]);
  const variables: NodeJS.ProcessEnv = { NODE_ENV: env.NODE_ENV };
  for (const [setting, variable] of Object.entries(VARIABLES)) {
    const value = options[setting as keyof GatehouseSettings];
    if (value !== undefined) variables[variable] = Array.isArray(value) ? value.join(',') : String(value);
  }
  try {
    return loadConfig(variables, process.cwd(), checkBuiltIn, env);
  } catch (error) {
    throw error instanceof ConfigurationError ? byOption(error) : error;
  }
}

function byOption({ faults }: ConfigurationError): ConfigurationError {
  const nameOf = (variable: string): string => SETTINGS.get(variable) ?? variable;
  return new ConfigurationError(
    faults.map(({ variable, message }) => ({
      variable: nameOf(variable),
      message: message.replace(VARIABLE, nameOf),
    })),
  );
}
