import type { Principal } from '../auth/principal.js';
import type { ErrorCode } from '../common/error-codes.js';
import { NOT_SEATED, type Seated } from '../common/roster.js';
import type { GrantedAccess } from '../permissions/access-decision.js';
import type { AccessRequest } from '../permissions/access-request.js';
import type { Fingerprints, ListKind } from './view-fingerprints.js';

/** Who wants to hear of changes. */
export interface ListAudience {
  /** Who asks, as it was admitted. */
  readonly principal: Principal;
  readonly access: AccessRequest;
  /** Tools, prompts or resources that the caller sees in this scope are not what they were. */
  onListChanged(kind: ListKind): void;
  /** The scope is not the caller's any more; nothing comes after this. */
  onLost(code: ErrorCode): void;
}

/** What is kept of one audience. */
export class ListWatch implements Seated {
  seat = NOT_SEATED;
  /** The decision that the prints were made with. */
  granted: GrantedAccess | null = null;
  /** null: it is not known yet what the caller sees. */
  prints: Fingerprints | null = null;
  /** Version of the catalogues that the prints were made with. */
  version = '';
  isBusy = false;
  isClosed = false;

  constructor(readonly audience: ListAudience) {}
}
