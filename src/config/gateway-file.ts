import { readFileSync } from 'node:fs';
import { systemCodeOf } from '../common/gatehouse-error.js';
import type { Config, OutboundAllowEntry } from './config.js';
import { InvalidValue } from './configuration-error.js';
import type { GuardrailEntry } from './guardrail-entry.js';
import type { JwtIssuer } from './jwt-issuer.js';
import { parseGuardrails } from './parse-guardrails.js';
import { parseJwtIssuers } from './parse-jwt-issuers.js';
import { YamlSetting } from './yaml-setting.js';

/** What gateway.yaml says. */
export interface GatewayFile {
  readonly jwtIssuers: readonly JwtIssuer[];
  readonly unknownCustomers: Config['unknownCustomers'];
  readonly guardrails: readonly GuardrailEntry[];
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
  const { general_settings: general, guardrails } = file.members(['general_settings', 'guardrails']);
  const settings = general.members(['jwt_issuers', 'unknown_customers']);
  return {
    jwtIssuers: Object.freeze(parseJwtIssuers(settings.jwt_issuers, outboundAllow)),
    unknownCustomers: settings.unknown_customers.parsed(parseUnknownCustomers) ?? 'allow',
    guardrails: Object.freeze(parseGuardrails(guardrails, path)),
    faults,
    ignoredKeys,
  };
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
