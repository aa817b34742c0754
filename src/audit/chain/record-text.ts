import { canonicalJson } from '../../common/canonical-json.js';
import type { WriteRecord } from '../../write-log/write-log-reader.js';
import type { AuditRecordEntity } from '../audit-record.entity.js';
import { rowText } from '../audit-row.js';

/** The text of a stored call, exactly as it was hashed when it was written. */
export function textOfCall(row: AuditRecordEntity): string {
  return rowText(row);
}

/** The text of a stored write. It is hashed after it was stored, so its members only need an order. */
export function textOfWrite(row: WriteRecord): string {
  return canonicalJson({ ...row, at: row.at.toISOString() });
}
