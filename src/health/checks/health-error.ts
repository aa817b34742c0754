import type { ErrorCode } from '../../common/error-codes.js';
import { GatehouseError, systemCodeOf } from '../../common/gatehouse-error.js';
import type { HealthError } from '../../mcp-servers/server-health.store.js';

const OF_CODE: Partial<Record<ErrorCode, HealthError>> = {
  upstream_auth_required: 'unauthorized',
  user_credential_missing: 'unauthorized',
  upstream_timeout: 'timeout',
  call_cancelled: 'timeout',
  upstream_protocol_error: 'protocol',
  result_too_large: 'protocol',
  upstream_unavailable: 'connection_refused',
};
/** Codes of Node and OpenSSL that say that no secure connection came about. */
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO$)/;
const TIMEOUT = /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

/** Why a check failed, as a code of the closed set that the API shows: upstream text can hold secrets. */
export function healthErrorOf(thrown: unknown): HealthError {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    const code = systemCodeOf(cause) ?? '';
    if (TLS.test(code)) return 'tls';
    if (TIMEOUT.test(code)) return 'timeout';
  }
  return (thrown instanceof GatehouseError && OF_CODE[thrown.code]) || 'unknown';
}
