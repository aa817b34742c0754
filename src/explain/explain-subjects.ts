import { Inject, Injectable } from '@nestjs/common';
import { KeyDirectory } from '../auth/key-directory.js';
import { toHash } from '../auth/key-token.js';
import { collectLevels, type LevelReferences } from '../auth/level-collection.js';
import { LevelDirectory } from '../auth/levels/level-directory.js';
import { PrincipalAssembler } from '../auth/principal-assembler.js';
import { hasAdminView, type Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { fieldFaults } from '../common/validation.js';
import { CONFIG, type Config } from '../config/config.js';
import type { ExplainDto, ExplainedPrincipalDto } from './explain.dto.js';

/** Whose rights are explained. */
export type Subject =
  | { readonly usable: true; readonly principal: Principal }
  /** A key that is blocked or has expired. */
  | { readonly usable: false; readonly keyLevelId: string };

type Question = Pick<ExplainDto, 'key' | 'principal'>;

/** Finds the caller that a question is about. */
@Injectable()
export class ExplainSubjects {
  constructor(
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
    private readonly assembler: PrincipalAssembler,
    @Inject(CONFIG) private readonly config: Pick<Config, 'unknownCustomers'>,
  ) {}

  /**
   * @throws GatehouseError `forbidden` when somebody without an admin view asks about anybody else, be it there or not;
   *   `not_found` for a key that is not there; `invalid_request` for a key together with other levels than a customer
   */
  find(question: Question, asker: Principal): Subject {
    const { key, principal } = question;
    if (key === undefined && principal === undefined) return { usable: true, principal: asker };
    if (!hasAdminView(asker)) return this.ownSubject(question, asker);
    if (key === undefined) return { usable: true, principal: this.withoutKey(principal ?? {}) };
    const { customer_id: customerId, ...others } = principal ?? {};
    if (Object.values(others).some((id) => id !== undefined)) {
      throw fieldFaults([{ path: 'principal', message: 'may name nothing but a customer_id beside a key' }]);
    }
    return this.behindKey(key, customerId ?? null);
  }

  private ownSubject({ key, principal }: Question, asker: Principal): Subject {
    const isOwnKey = key === undefined || (asker.keyHash !== null && toHash(key) === asker.keyHash);
    if (isOwnKey && isWithin(principal ?? {}, asker)) return { usable: true, principal: asker };
    throw new GatehouseError('forbidden', 'Only a caller with an admin view may ask about anybody else.');
  }

  private behindKey(key: string, customerId: string | null): Subject {
    const hash = toHash(key);
    const known = hash === undefined ? undefined : this.keys.find(hash);
    if (known === undefined) throw new GatehouseError('not_found', 'There is no such key.');
    const principal = this.assembler.ofKey(known, customerId);
    return principal === null ? { usable: false, keyLevelId: known.level.id } : { usable: true, principal };
  }

  /** A caller that only this question knows, with the levels that it would have. */
  private withoutKey(named: ExplainedPrincipalDto): Principal {
    const references = referencesOf(named);
    const { levels, missing, userRole, guardrails, organizationId } = collectLevels(
      this.levels,
      references,
      this.config,
    );
    return {
      ...references,
      kind: 'jwt',
      id: 'explained',
      role: missing ? 'internal_user' : (userRole ?? 'internal_user'),
      keyHash: null,
      keyAlias: null,
      organizationId,
      allowedRoutes: [],
      guardrails,
      jwtClaims: null,
      levels,
      levelMissing: missing,
    };
  }
}

function referencesOf(named: ExplainedPrincipalDto): LevelReferences {
  return {
    userId: named.user_id ?? null,
    teamId: named.team_id ?? null,
    organizationId: named.organization_id ?? null,
    customerId: named.customer_id ?? null,
    agentId: named.agent_id ?? null,
  };
}

function isWithin(named: ExplainedPrincipalDto, asker: Principal): boolean {
  const own: LevelReferences = asker;
  const asked = referencesOf(named);
  const fields = ['userId', 'teamId', 'organizationId', 'customerId', 'agentId'] as const;
  return fields.every((field) => asked[field] === null || asked[field] === own[field]);
}
