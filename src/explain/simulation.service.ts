import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditReader, type RecordedCalls } from '../audit/audit-reader.js';
import { KeyDirectory } from '../auth/key-directory.js';
import { PrincipalAssembler } from '../auth/principal-assembler.js';
import type { Principal } from '../auth/principal.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { PolicyService } from '../permissions/policy.service.js';
import type { PolicyWorld } from '../permissions/policy-world.js';
import { beyond, isAllowed, wholeAccess } from './access-difference.js';
import { DraftGrantsReader, type DraftGrants } from './draft-grants.js';
import { KnownTools } from './known-tools.js';
import { SimulationReport } from './simulation-report.js';
import type { SimulateDto } from './simulate.dto.js';
import type { SimulationView } from './simulate.views.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** Other requests get their turn after this many callers. */
const CALLERS_AT_ONCE = 50;

/** A caller that a draft may concern. */
interface Caller {
  readonly id: string;
  readonly principal: Principal;
}

/** What all callers of one simulation share. */
interface Run {
  readonly world: PolicyWorld;
  readonly draft: DraftGrants;
  readonly tools: KnownTools;
  readonly report: SimulationReport;
}

/** Runs a draft of grants against the recorded calls and the tools of now. Writes nothing. */
@Injectable()
export class SimulationService {
  constructor(
    private readonly drafts: DraftGrantsReader,
    private readonly audit: AuditReader,
    private readonly keys: KeyDirectory,
    private readonly assembler: PrincipalAssembler,
    private readonly catalog: CatalogService,
    private readonly policy: PolicyService,
  ) {}

  /** @throws GatehouseError as {@link DraftGrantsReader.read} */
  async simulate({ changes, days = DEFAULT_DAYS }: SimulateDto): Promise<SimulationView> {
    const draft = await this.drafts.read(changes);
    const recorded = await this.audit.answeredCalls(new Date(Date.now() - days * DAY_MS));
    const report = new SimulationReport();
    const run: Run = { world: this.policy.world(), draft, tools: new KnownTools(this.catalog), report };
    const callsOf = byPrincipal(recorded);
    const callers = this.callers(draft);
    for (const [index, caller] of callers.entries()) {
      if (index % CALLERS_AT_ONCE === CALLERS_AT_ONCE - 1) await setImmediate();
      const calls = callsOf.get(caller.id) ?? [];
      callsOf.delete(caller.id);
      report.countChecked(calls);
      if (draft.touches(caller.principal)) await this.compare(run, caller, calls);
    }
    for (const calls of callsOf.values()) report.countUnchecked(calls);
    return report.view();
  }

  private async compare(run: Run, { id, principal }: Caller, calls: readonly RecordedCalls[]): Promise<void> {
    const { world, draft, tools, report } = run;
    const before = wholeAccess(world, principal);
    const after = wholeAccess(world, draft.applyTo(principal));
    const granted = [...(before?.servers.values() ?? []), ...(after?.servers.values() ?? [])];
    await tools.load(granted.map(({ server }) => server));
    report.addPrincipal(id, principal.keyAlias, beyond(before, after, tools.of), beyond(after, before, tools.of));
    for (const call of calls) {
      const server = world.registry.byId.get(call.serverId);
      const isLost = isAllowed(before, call.serverId, call.tool) && !isAllowed(after, call.serverId, call.tool);
      if (server !== undefined && isLost) report.addRefused(call, principal.keyAlias, server);
    }
  }

  /** Every caller that is known without a request: the usable keys, the master key, and what customers bound. */
  private callers(draft: DraftGrants): Caller[] {
    const master = this.assembler.ofMaster(null);
    const customers = draft.idsOf('customer').map((id) => ({
      id: `customer:${id}`,
      // A customer comes with a request of any key, so it is shown what it leaves of everything.
      principal: this.assembler.ofMaster(id),
    }));
    const keys = [...this.keys.all()].flatMap((known) => {
      const principal = this.assembler.ofKey(known, null);
      return principal === null ? [] : [{ id: principal.id, principal }];
    });
    return [{ id: master.id, principal: master }, ...customers, ...keys];
  }
}

function byPrincipal(recorded: readonly RecordedCalls[]): Map<string, RecordedCalls[]> {
  const grouped = new Map<string, RecordedCalls[]>();
  for (const calls of recorded) {
    const known = grouped.get(calls.principalId);
    if (known === undefined) grouped.set(calls.principalId, [calls]);
    else known.push(calls);
  }
  return grouped;
}
