import type { FieldFault } from '../common/gatehouse-error.js';
import { valueFault } from './header-rules.js';
import type { AuthType, ServerCredentials } from './mcp-server.js';
import { TOKEN_FIELDS, type ServerSettings } from './server-settings.js';

const VALUE_TYPES: ReadonlySet<AuthType> = new Set<AuthType>([
  ...(['api_key', 'bearer_token', 'basic', 'authorization', 'token'] as const),
]);
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/;

type Required = readonly (keyof ServerCredentials)[];

/** Faults of stored credentials, by what the auth type makes of them. */
export function credentialFaults(settings: ServerSettings): FieldFault[] {
  const authType = settings.auth_type ?? 'none';
  return [...valueFaults(authType, settings), ...byokFaults(authType, settings), ...memberFaults(authType, settings)];
}

/** Faults of settings that belong to one way to get tokens. */
export function tokenFieldFaults(settings: ServerSettings): FieldFault[] {
  const allowed = tokenFieldsOf(settings.auth_type ?? 'none');
  const idle = TOKEN_FIELDS.filter((field) => settings[field] !== null && !allowed.includes(field));
  return [
    ...idle.map((path) => ({ path, message: 'has no effect with this auth_type; remove it' })),
    ...missingEndpoints(settings),
  ];
}

function tokenFieldsOf(authType: AuthType): readonly (typeof TOKEN_FIELDS)[number][] {
  if (authType === 'oauth2') return ['oauth2_flow'];
  if (authType === 'oauth2_id_jag') return ['token_exchange_endpoint', 'audience', 'subject_token_type'];
  if (authType !== 'oauth2_token_exchange') return [];
  return ['token_exchange_endpoint', 'audience', 'subject_token_type', 'token_exchange_profile'];
}

function missingEndpoints(settings: ServerSettings): FieldFault[] {
  const { auth_type: authType, oauth2_flow: flow, token_url: tokenUrl, token_exchange_endpoint: exchange } = settings;
  const isMissing = {
    token_url:
      tokenUrl === null && (authType === 'oauth2_id_jag' || (authType === 'oauth2' && flow === 'client_credentials')),
    token_exchange_endpoint:
      exchange === null && (authType === 'oauth2_token_exchange' || authType === 'oauth2_id_jag'),
    issuer: settings.issuer === null && authType === 'oauth2_id_jag' && settings.audience === null,
  };
  return Object.entries(isMissing).flatMap(([path, missing]) =>
    missing ? [{ path, message: `is required with auth_type "${String(authType)}"` }] : [],
  );
}

function valueFaults(authType: AuthType, { credentials }: ServerSettings): FieldFault[] {
  const value = credentials?.auth_value;
  if (value === undefined) return [];
  if (authType === 'none') {
    return [{ path: 'credentials', message: 'has no effect without an auth_type; say how it is sent' }];
  }
  const path = 'credentials.auth_value';
  if (!VALUE_TYPES.has(authType)) return [{ path, message: 'has no effect with this auth_type; remove it' }];
  if (authType === 'basic') return value.includes(':') ? [] : [{ path, message: 'must be user:password' }];
  const message = value.trim() === '' ? 'must not be empty' : valueFault(value);
  return message === null ? [] : [{ path, message }];
}

function byokFaults(authType: AuthType, { is_byok: isByok }: ServerSettings): FieldFault[] {
  if (!isByok || authType === 'none' || VALUE_TYPES.has(authType)) return [];
  return [{ path: 'is_byok', message: 'needs an auth_type that sends one value, such as "api_key" or "bearer_token"' }];
}

/** What is stored later, when somebody reviews or completes the server, is only missing once the server is used. */
function memberFaults(authType: AuthType, { credentials, oauth2_flow: flow }: ServerSettings): FieldFault[] {
  if (credentials === null) return [];
  const required: Required =
    authType === 'aws_sigv4'
      ? ['aws_access_key_id', 'aws_secret_access_key', 'aws_region_name']
      : authType === 'oauth2_token_exchange' || authType === 'oauth2_id_jag' || flow === 'client_credentials'
        ? ['client_id']
        : [];
  const missing = required.filter((name) => credentials[name] === undefined);
  return [
    ...missing.map((name) => ({ path: `credentials.${name}`, message: `is required with auth_type "${authType}"` })),
    ...awsFaults(credentials),
  ];
}

function awsFaults({ aws_region_name: region, aws_role_name: role }: ServerCredentials): FieldFault[] {
  const faults: FieldFault[] = [];
  if (region !== undefined && !REGION.test(region)) {
    faults.push({ path: 'credentials.aws_region_name', message: 'must be a region such as eu-central-1' });
  }
  if (role !== undefined && !ROLE.test(role)) {
    faults.push({ path: 'credentials.aws_role_name', message: 'must be the ARN of a role' });
  }
  return faults;
}
