import {
  AuthorizationServerMismatchError,
  InsecureTokenEndpointError,
  IssuerMismatchError,
  OAuthError,
  RegistrationRejectedError,
} from '@modelcontextprotocol/client';
import { GatehouseError, messageOf } from '../../common/gatehouse-error.js';

/** A reason for which a login is not begun, or not taken. The message is public. */
export class LoginRefused extends Error {}

/**
 * What went wrong between the gateway and an authorization server, in words for whoever logs in: what happened and what
 * to do. Nothing of what the other side wrote is repeated.
 * @param prefix public name of the server
 */
export function oauthFault(thrown: unknown, prefix: string): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  const cause = { cause: thrown, detail: messageOf(thrown), sent: 'no' as const };
  if (isUnreachable(thrown)) {
    const message = `The authorization server of ${prefix} cannot be reached. Nothing was lost; try again later.`;
    return new GatehouseError('upstream_unavailable', message, cause);
  }
  if (thrown instanceof OAuthError)
    return new GatehouseError('upstream_auth_required', refusalOf(thrown, prefix), cause);
  return new GatehouseError('upstream_protocol_error', protocolFaultOf(thrown, prefix), cause);
}

/** Did the other side not answer, or only that it is not well? Then what is stored may still be good. */
export function isUnreachable(thrown: unknown): boolean {
  if (thrown instanceof OAuthError) return thrown.code === 'server_error' || thrown.code === 'temporarily_unavailable';
  if (thrown instanceof TypeError) return true;
  return thrown instanceof Error && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError');
}

function refusalOf({ code }: OAuthError, prefix: string): string {
  switch (code) {
    case 'access_denied':
      return `The authorization server of ${prefix} was not allowed to connect the account. Begin again to allow it.`;
    case 'invalid_grant':
      return `The authorization server of ${prefix} does not take this login any more. Begin again.`;
    case 'invalid_client':
    case 'unauthorized_client':
      return `The authorization server of ${prefix} does not accept the client of the gateway. Begin again; when that does not help, an admin has to check the client_id of the server.`;
    case 'invalid_scope':
      return `The authorization server of ${prefix} does not give the scopes that are asked for. An admin has to check the scopes of the server.`;
    default:
      return `The authorization server of ${prefix} refused the login. Begin again; when that does not help, tell an admin.`;
  }
}

function protocolFaultOf(thrown: unknown, prefix: string): string {
  if (thrown instanceof LoginRefused) return `The login to ${prefix} was not begun: ${thrown.message}`;
  if (thrown instanceof IssuerMismatchError) {
    return thrown.kind === 'metadata'
      ? `The login to ${prefix} was not begun: the metadata of its authorization server name another issuer. An admin has to check the server.`
      : `The answer does not come from the authorization server of ${prefix} (wrong issuer), and was not used. Begin again.`;
  }
  if (thrown instanceof AuthorizationServerMismatchError) {
    return `The server ${prefix} names another authorization server than the one that its client_id belongs to. An admin has to store the client_id for the new one.`;
  }
  if (thrown instanceof RegistrationRejectedError) {
    return `The authorization server of ${prefix} does not register the gateway. An admin has to store a client_id for the server.`;
  }
  if (thrown instanceof InsecureTokenEndpointError) {
    return `The authorization server of ${prefix} does not use https. An admin has to check the server.`;
  }
  return `The server ${prefix} or its authorization server broke the protocol. An admin finds the reason in the log.`;
}
