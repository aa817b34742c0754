import { Inject, Injectable } from '@nestjs/common';
import { KeyDirectory } from '../auth/key-directory.js';
import { MASTER_PRINCIPAL } from '../auth/key-principal.js';
import { LevelDirectory } from '../auth/levels/level-directory.js';
import { PrincipalAssembler } from '../auth/principal-assembler.js';
import type { Principal } from '../auth/principal.js';
import { CONFIG, type Config } from '../config/config.js';
import type { Drafts } from './drafts.js';

/** A caller as it is and as it would be. */
export interface SimulatedCaller {
  readonly id: string;
  readonly keyAlias: string | null;
  readonly customerId: string | null;
  /** null: the key is blocked or has expired. */
  readonly before: Principal | null;
  readonly after: Principal | null;
}

/** Makes the callers of a simulation, by the code that makes those of requests. */
@Injectable()
export class SimulatedCallers {
  constructor(
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
    @Inject(CONFIG) private readonly config: Pick<Config, 'unknownCustomers'>,
  ) {}

  under(drafts: Drafts): CallersUnderDrafts {
    const { keys, levels, config } = this;
    const { version } = levels;
    // Assemblers of its own: what requests remember is not pushed out by callers that nobody calls as.
    const present = new PrincipalAssembler(keys, { version, find: (kind, id) => levels.find(kind, id) }, config);
    const drafted = new PrincipalAssembler(keys, { version, ...drafts.levels(levels) }, config);
    return new CallersUnderDrafts(keys, drafts, { present, drafted });
  }
}

/** The callers of one simulation. */
export class CallersUnderDrafts {
  constructor(
    private readonly keys: Pick<KeyDirectory, 'find' | 'all'>,
    private readonly drafts: Drafts,
    private readonly assemblers: Readonly<Record<'present' | 'drafted', PrincipalAssembler>>,
  ) {}

  /** Ids of all callers that are stored. */
  *ids(): Generator<string> {
    yield MASTER_PRINCIPAL.id;
    for (const { token } of this.keys.all()) yield token;
  }

  /** What a customer leaves of everything. */
  ofCustomer(customerId: string): SimulatedCaller {
    return { ...this.ofMaster(customerId), id: `customer:${customerId}` };
  }

  /** undefined: there is no such caller. */
  find(id: string, customerId: string | null): SimulatedCaller | undefined {
    const { present, drafted } = this.assemblers;
    if (id === MASTER_PRINCIPAL.id) return this.ofMaster(customerId);
    const known = this.keys.find(id);
    if (known === undefined) return undefined;
    const before = present.ofKey(known, customerId);
    return { id, keyAlias: known.alias, customerId, before, after: drafted.ofKey(this.drafts.key(known), customerId) };
  }

  private ofMaster(customerId: string | null): SimulatedCaller {
    const { present, drafted } = this.assemblers;
    const before = present.ofMaster(customerId);
    return { id: MASTER_PRINCIPAL.id, keyAlias: null, customerId, before, after: drafted.ofMaster(customerId) };
  }
}
