import { GatehouseError } from '../../common/gatehouse-error.js';

/**
 * No tools can be made of the document of a server.
 * @param reason holds nothing of the document; admins read it when they try settings out
 */
export function unusableDocument(reason: string): GatehouseError {
  return new GatehouseError('upstream_protocol_error', `The OpenAPI document cannot be used: ${reason}`, {
    sent: 'no',
    detail: reason,
  });
}
