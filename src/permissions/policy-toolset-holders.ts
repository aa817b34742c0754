import { Injectable } from '@nestjs/common';
import type { Principal } from '../auth/principal.js';
import { ToolsetHolders } from '../toolsets/toolset-ports.js';
import { resolveLevels } from './grants.js';
import { PolicyService } from './policy.service.js';
import { heldToolsets } from './scope.js';

/** Answers who holds which toolset: by the code that decides at the door of the toolset. */
@Injectable()
export class PolicyToolsetHolders extends ToolsetHolders {
  constructor(private readonly policy: PolicyService) {
    super();
  }

  heldBy(caller: Principal): ReadonlySet<string> {
    const levels = resolveLevels(this.policy.world(), caller.levels);
    if ([...levels.values()].some((level) => level.refusesAll)) return new Set();
    return new Set([...heldToolsets(levels)].map(({ id }) => id));
  }
}
