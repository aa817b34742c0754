import { Injectable, Logger } from '@nestjs/common';
import { AwsV4Signer } from 'aws4fetch';
import { GatehouseError, messageOf } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';
import { exchangeJson } from '../../outbound/json-exchange.js';
import { OutboundClient } from '../../outbound/outbound-client.js';

/** Keys that requests are signed with. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const ROLE_SECONDS = 3_600;
/** Keys of a role are renewed this long before their end. */
const AHEAD_MS = 5 * 60_000;
const DEADLINE_MS = 10_000;
const MAX_BYTES = 64 * 1024;

interface KnownRole {
  readonly keys: Promise<AwsKeys>;
  readonly renewAt: number;
}

/** Keys of roles that are assumed for servers, at AWS's token service. */
@Injectable()
export class AssumedRoles {
  private readonly logger = new Logger(AssumedRoles.name);
  private readonly known = new WeakMap<McpServer, KnownRole>();

  constructor(private readonly outbound: OutboundClient) {}

  /**
   * The stored keys, or those of the role that is assumed with them. Asked for once for all that wait for it.
   * @throws GatehouseError `upstream_auth_required`, nothing sent
   */
  keysFor(server: McpServer, keys: AwsKeys): Promise<AwsKeys> {
    const role = server.credentials?.reveal().aws_role_name;
    if (role === undefined) return Promise.resolve(keys);
    const known = this.known.get(server);
    if (known !== undefined && Date.now() < known.renewAt) return known.keys;
    const assumed = this.assume(server, role, keys);
    this.known.set(server, { keys: assumed, renewAt: Date.now() + ROLE_SECONDS * 1000 - AHEAD_MS });
    assumed.catch(() => this.forget(server));
    return assumed;
  }

  /** The next request asks anew. */
  forget(server: McpServer): void {
    this.known.delete(server);
  }

  private async assume(server: McpServer, role: string, keys: AwsKeys): Promise<AwsKeys> {
    const { aws_region_name: region = '', aws_session_name: session = 'gatehouse' } =
      server.credentials?.reveal() ?? {};
    const url = `https://sts.${region}.amazonaws.com/`;
    const body = new URLSearchParams({
      ...{ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: role, RoleSessionName: session },
      DurationSeconds: String(ROLE_SECONDS),
    }).toString();
    try {
      const signer = new AwsV4Signer({ method: 'POST', url, body, ...keys, region, service: 'sts' });
      const { headers } = await signer.sign();
      const { document } = await exchangeJson(this.outbound, {
        ...{ url, method: 'POST', body, signal: AbortSignal.timeout(DEADLINE_MS), maxBytes: MAX_BYTES },
        headers: { ...Object.fromEntries(headers), 'content-type': 'application/x-www-form-urlencoded' },
      });
      return readKeys(document);
    } catch (error) {
      this.logger.warn(`The role of server ${server.prefix} (${server.id}) cannot be assumed: ${messageOf(error)}`);
      const text = `The role of the server ${server.prefix} cannot be assumed; an admin can see why in the log`;
      throw new GatehouseError('upstream_auth_required', text, { sent: 'no', cause: error });
    }
  }
}

/** As the service answers in JSON: `AssumeRoleResponse.AssumeRoleResult.Credentials`. */
function readKeys(document: JsonObject): AwsKeys {
  const { AccessKeyId, SecretAccessKey, SessionToken } = member(
    member(member(document, 'AssumeRoleResponse'), 'AssumeRoleResult'),
    'Credentials',
  );
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string' || typeof SessionToken !== 'string') {
    throw new Error('the answer holds no keys');
  }
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

function member(value: JsonObject, name: string): JsonObject {
  const found: JsonValue | undefined = value[name];
  return isJsonObject(found) ? found : {};
}
