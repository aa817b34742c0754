import { ROLES, type Role } from '../common/role.js';
import type { OutboundAllowEntry } from './config.js';
import { InvalidValue } from './configuration-error.js';
import {
  JWT_ALGORITHMS,
  type JwtAlgorithm,
  type JwtClaimPaths,
  type JwtIssuer,
  type JwtKeySource,
} from './jwt-issuer.js';
import { issuerUrlParser } from './parse-network.js';
import type { YamlSetting } from './yaml-setting.js';

const DEFAULT_ALGORITHMS: readonly JwtAlgorithm[] = ['RS256', 'ES256'];

const ISSUER_KEYS = [
  'issuer',
  'audience',
  'jwks_uri',
  'discovery_url',
  'algorithms',
  'claims',
  'role_map',
  'virtual_key_claim',
] as const;
const CLAIM_KEYS = ['user_id', 'team_id', 'organization_id', 'customer_id', 'roles', 'groups'] as const;

type IssuerMembers = Readonly<Record<(typeof ISSUER_KEYS)[number], YamlSetting>>;

/**
 * Reads `general_settings.jwt_issuers`. Faults are gathered by the setting; an issuer with a fault is left out.
 * @param outboundAllow hosts that may be spoken to without TLS
 */
export function parseJwtIssuers(setting: YamlSetting, outboundAllow: readonly OutboundAllowEntry[]): JwtIssuer[] {
  const issuers: JwtIssuer[] = [];
  for (const item of setting.items()) {
    const issuer = parseIssuer(item, outboundAllow);
    if (issuer === null) continue;
    if (issuers.some((other) => other.issuer === issuer.issuer)) item.fault('repeats an issuer: join the two entries');
    else issuers.push(issuer);
  }
  return issuers;
}

function parseIssuer(item: YamlSetting, outboundAllow: readonly OutboundAllowEntry[]): JwtIssuer | null {
  if (!item.isMap) return item.fault('must be a map');
  const members = item.members(ISSUER_KEYS);
  const issuer = members.issuer.requiredText();
  const audiences = parseAudiences(members.audience);
  const keySource = parseKeySource(item, members, issuerUrlParser(outboundAllow));
  const algorithms = parseAlgorithms(members.algorithms);
  const claims = parseClaims(members.claims);
  const roleMap = parseRoleMap(members.role_map);
  if (issuer === null || audiences === null || keySource === null || algorithms === null) return null;
  return Object.freeze<JwtIssuer>({
    issuer,
    audiences: Object.freeze(audiences),
    keySource: Object.freeze(keySource),
    algorithms: Object.freeze(algorithms),
    claims: Object.freeze(claims),
    roleMap: Object.freeze(roleMap),
    virtualKeyClaim: members.virtual_key_claim.text(),
  });
}

function parseAudiences(setting: YamlSetting): string[] | null {
  const audiences = setting.texts();
  if (setting.isMissing || audiences?.length === 0) return setting.fault('is missing: tokens for others are refused');
  return audiences;
}

function parseKeySource(
  item: YamlSetting,
  { jwks_uri: jwks, discovery_url: discovery }: IssuerMembers,
  parseUrl: (text: string) => string,
): JwtKeySource | null {
  if (jwks.isMissing === discovery.isMissing) return item.fault('needs one of jwks_uri and discovery_url');
  const [kind, setting] = jwks.isMissing ? (['discovery', discovery] as const) : (['jwks', jwks] as const);
  const url = setting.parsed(parseUrl);
  return url === null ? null : { kind, url };
}

function parseAlgorithms(setting: YamlSetting): readonly JwtAlgorithm[] | null {
  if (setting.isMissing) return DEFAULT_ALGORITHMS;
  const items = setting.items();
  if (items.length === 0) return setting.fault('must name at least one algorithm');
  const algorithms = items.map(
    (item) => item.parsed(parseAlgorithm) ?? (item.isMissing ? item.fault('is missing') : null),
  );
  return algorithms.includes(null) ? null : algorithms.filter((algorithm) => algorithm !== null);
}

function parseAlgorithm(text: string): JwtAlgorithm {
  const algorithm = JWT_ALGORITHMS.find((known) => known === text);
  if (algorithm !== undefined) return algorithm;
  throw new InvalidValue(`must be one of ${JWT_ALGORITHMS.join(', ')}`);
}

function parseClaims(setting: YamlSetting): JwtClaimPaths {
  const members = setting.members(CLAIM_KEYS);
  return {
    userId: members.user_id.isWritten ? members.user_id.text() : 'sub',
    teamId: members.team_id.text(),
    organizationId: members.organization_id.text(),
    customerId: members.customer_id.text(),
    roles: members.roles.text(),
    groups: members.groups.text(),
  };
}

function parseRoleMap(setting: YamlSetting): Record<string, Role> {
  const roles = setting.entries().map(([value, role]) => [value, parseMappedRole(role)] as const);
  return Object.fromEntries(roles.flatMap(([value, role]) => (role === null ? [] : [[value, role]])));
}

function parseMappedRole(setting: YamlSetting): Role | null {
  const text = setting.requiredText();
  const role = ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  return text === null ? null : setting.fault(`must be one of ${ROLES.join(', ')}`);
}
