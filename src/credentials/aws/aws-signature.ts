import { Injectable } from '@nestjs/common';
import { AwsV4Signer } from 'aws4fetch';
import { GatehouseError } from '../../common/gatehouse-error.js';
import type { McpServer, ServerCredentials } from '../../mcp-servers/mcp-server.js';
import { OWN_CREDENTIAL, type CredentialInjector, type InjectedCredential } from '../upstream-credential.js';
import { AssumedRoles, type AwsKeys } from './assumed-roles.js';
import { signRequestsOf, type RequestSigner, type SignableRequest } from './request-signing.js';

const DEFAULT_SERVICE = 'bedrock-agentcore';
/** What carries the signature. */
const SIGNATURE_HEADERS = ['authorization', 'x-amz-date', 'x-amz-security-token'];

/** AWS Signature Version 4: each request is signed with its body, so there is no header that could be stolen. */
@Injectable()
export class AwsSignature implements CredentialInjector {
  private readonly known = new WeakMap<McpServer, InjectedCredential>();

  constructor(private readonly roles: AssumedRoles) {}

  credentialFor(server: McpServer): InjectedCredential {
    let credential = this.known.get(server);
    if (credential === undefined) {
      credential = this.prepare(server);
      this.known.set(server, credential);
    }
    return credential;
  }

  private prepare(server: McpServer): InjectedCredential {
    const stored = server.credentials?.reveal() ?? {};
    const keys = keysOf(server, stored);
    const scope = { region: stored.aws_region_name ?? '', service: stored.aws_service_name ?? DEFAULT_SERVICE };
    const signer: RequestSigner = async (request) => sign(request, await this.roles.keysFor(server, keys), scope);
    signRequestsOf(server, signer);
    return Object.freeze({
      identity: OWN_CREDENTIAL,
      headers: Object.freeze({}),
      refused: () => this.roles.forget(server),
    });
  }
}

async function sign(
  { method, url, body }: SignableRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
  scope: { readonly region: string; readonly service: string },
): Promise<Record<string, string>> {
  const { headers } = await new AwsV4Signer({
    ...{ method, url, accessKeyId, secretAccessKey, ...scope },
    // The type of the library's body knows no view of a shared buffer.
    ...(body !== null && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    ...(sessionToken !== undefined && { sessionToken }),
  }).sign();
  return Object.fromEntries(SIGNATURE_HEADERS.flatMap((name) => pairOf(name, headers.get(name))));
}

function pairOf(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]];
}

function keysOf({ prefix }: McpServer, stored: ServerCredentials): AwsKeys {
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = stored;
  if (accessKeyId === undefined || secretAccessKey === undefined || stored.aws_region_name === undefined) {
    const text = `The server ${prefix} has no AWS keys or region; an admin stores them in credentials.`;
    throw new GatehouseError('upstream_auth_required', text, { sent: 'no' });
  }
  const { aws_session_token: sessionToken } = stored;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
