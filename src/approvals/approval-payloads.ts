import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../common/json.js';
import { FieldCipher } from '../database/field-cipher.js';
import type { ApprovalAsk } from './approval-request.js';

/** What an approver has to see and nobody else may read in the database. */
export interface ApprovalPayload {
  readonly arguments: Readonly<JsonObject>;
  readonly asks: readonly ApprovalAsk[];
}

/** The encrypted part of a request. */
@Injectable()
export class ApprovalPayloads {
  constructor(private readonly cipher: FieldCipher) {}

  seal(id: string, payload: ApprovalPayload): string {
    return this.cipher.encrypt(JSON.stringify(payload), binding(id));
  }

  /** @throws GatehouseError `internal_error` when it was changed, moved, or its key is gone */
  open(id: string, sealed: string): ApprovalPayload {
    return JSON.parse(this.cipher.decrypt(sealed, binding(id))) as ApprovalPayload;
  }
}

function binding(id: string) {
  return { table: 'approvals', row: id, field: 'payload' };
}
