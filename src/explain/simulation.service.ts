import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditReader, type RecordedCalls } from '../audit/audit-reader.js';
import type { Principal } from '../auth/principal.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { PolicyService } from '../permissions/policy.service.js';
import type { PolicyWorld } from '../permissions/policy-world.js';
import { CallerComparison } from './caller-comparison.js';
import { DraftReader } from './draft-reader.js';
import type { Drafts } from './drafts.js';
import { KnownTools } from './known-tools.js';
import { SimulatedCallers, type CallersUnderDrafts, type SimulatedCaller } from './simulated-callers.js';
import { SimulationReport, type ReportedCaller } from './simulation-report.js';
import type { SimulateDto } from './simulate.dto.js';
import type { SimulationView } from './simulate.views.js';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** Other requests get their turn after this time. */
const TURN_MS = 10;

/** What all callers of one simulation share. */
interface Run {
  readonly present: PolicyWorld;
  readonly drafted: PolicyWorld;
  /** Servers are hidden from clients outside, before or after. */
  readonly seesAddresses: boolean;
  readonly drafts: Drafts;
  readonly callers: CallersUnderDrafts;
  readonly tools: KnownTools;
  readonly report: SimulationReport;
}

/** Calls by customer; null: those made for none. */
type CallsOfCaller = Map<string | null, RecordedCalls[]>;

/** Runs a draft of grants and rules against the recorded calls and the tools of now. Writes nothing. */
@Injectable()
export class SimulationService {
  constructor(
    private readonly drafts: DraftReader,
    private readonly audit: AuditReader,
    private readonly callers: SimulatedCallers,
    private readonly catalog: CatalogService,
    private readonly policy: PolicyService,
  ) {}

  /**
   * @param actor who would make the changes
   * @throws GatehouseError as {@link DraftReader.read}
   */
  async simulate({ changes, days = DEFAULT_DAYS }: SimulateDto, actor: Principal): Promise<SimulationView> {
    const drafts = await this.drafts.read(changes, actor);
    const present = this.policy.world();
    const drafted = drafts.world(present);
    const seesAddresses = hidesServers(present) || hidesServers(drafted);
    const recorded = await this.audit.answeredCalls(new Date(Date.now() - days * DAY_MS), seesAddresses);
    const report = new SimulationReport(recorded.isCut);
    const tools = new KnownTools(this.catalog);
    const callers = this.callers.under(drafts);
    await compareAll({ present, drafted, seesAddresses, drafts, callers, tools, report }, byCaller(recorded.calls));
    return report.view();
  }
}

async function compareAll(run: Run, recorded: Map<string, CallsOfCaller>): Promise<void> {
  const { callers, drafts, report } = run;
  let since = performance.now();
  for (const id of callers.ids()) {
    const calls = recorded.get(id) ?? new Map<string | null, RecordedCalls[]>();
    recorded.delete(id);
    for (const customerId of new Set([null, ...calls.keys()])) {
      await compare(run, callers.find(id, customerId), calls.get(customerId) ?? []);
    }
    if (performance.now() - since < TURN_MS) continue;
    await setImmediate();
    since = performance.now();
  }
  for (const customerId of drafts.customerIds) await compareCustomer(run, customerId);
  for (const calls of recorded.values()) report.countUnchecked([...calls.values()].flat());
}

async function compare(run: Run, caller: SimulatedCaller | undefined, calls: readonly RecordedCalls[]): Promise<void> {
  const { drafts, present, report, tools } = run;
  if (caller === undefined || caller.before === null) report.countUnchecked(calls);
  else report.countChecked(calls);
  if (caller === undefined || !drafts.concern(caller.before, caller.after)) return;
  const comparison = comparisonOf(run, caller);
  const shown = { principal_id: caller.id, key_alias: caller.keyAlias, customer_id: caller.customerId };
  if (isListed(caller, drafts)) {
    await tools.load(comparison.servers());
    report.addPrincipal(shown, comparison.change(tools.of));
  }
  for (const call of calls) replay({ comparison, present, report, shown }, call);
}

/** A customer comes with a request of any key, so it is shown what it leaves of everything. */
async function compareCustomer(run: Run, customerId: string): Promise<void> {
  const caller = run.callers.ofCustomer(customerId);
  const comparison = comparisonOf(run, caller);
  await run.tools.load(comparison.servers());
  const shown = { principal_id: caller.id, key_alias: null, customer_id: customerId };
  run.report.addPrincipal(shown, comparison.change(run.tools.of));
}

function comparisonOf({ present, drafted, seesAddresses }: Run, { before, after }: SimulatedCaller): CallerComparison {
  const [now, then] = [
    { world: present, principal: before },
    { world: drafted, principal: after },
  ];
  return new CallerComparison(now, then, seesAddresses);
}

/** A customer only narrows: what changes for a key with a customer changes for the key too, unless the customer does. */
function isListed({ customerId }: SimulatedCaller, drafts: Drafts): boolean {
  return customerId === null || [...drafts.customerIds].includes(customerId);
}

interface Replay {
  readonly comparison: CallerComparison;
  readonly present: PolicyWorld;
  readonly report: SimulationReport;
  readonly shown: ReportedCaller;
}

function replay({ comparison, present, report, shown }: Replay, calls: RecordedCalls): void {
  const server = present.registry.byId.get(calls.serverId);
  if (server === undefined) return;
  const outcome = comparison.replay(calls);
  if (outcome === 'refused') report.addRefused(shown, calls, server);
  else if (outcome !== 'same') report.addUndecidable(shown, calls, server, outcome);
}

function hidesServers({ registry }: PolicyWorld): boolean {
  return registry.servers.some(
    ({ id, availableOnPublicInternet }) => !availableOnPublicInternet && !registry.publicServerIds.has(id),
  );
}

function byCaller(recorded: readonly RecordedCalls[]): Map<string, CallsOfCaller> {
  const grouped = new Map<string, CallsOfCaller>();
  for (const calls of recorded) {
    const { principalId, customerId } = calls;
    const ofCaller = grouped.get(principalId) ?? new Map<string | null, RecordedCalls[]>();
    grouped.set(principalId, ofCaller);
    const known = ofCaller.get(customerId);
    if (known === undefined) ofCaller.set(customerId, [calls]);
    else known.push(calls);
  }
  return grouped;
}
