import type { RecordedCalls } from '../audit/audit-reader.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { CallerChange } from './caller-comparison.js';
import type { PlacedTools } from './placed-tools.js';
import {
  NOT_SIMULATED,
  type ChangedPrincipalView,
  type ChangedToolsView,
  type RecordedCallView,
  type SimulationView,
  type UndecidableCallView,
  type UndecidableReason,
} from './simulate.views.js';

const MAX_PRINCIPALS = 1000;
const MAX_SAMPLE = 20;

/** Whom a line of the report is about. */
export type ReportedCaller = Pick<ChangedPrincipalView, 'principal_id' | 'key_alias' | 'customer_id'>;

/** Collects what a draft changes. */
export class SimulationReport {
  private readonly principals: ChangedPrincipalView[] = [];
  private readonly refused = new Map<string, RecordedCallView>();
  private readonly undecidable = new Map<string, UndecidableCallView>();
  private changed = 0;
  private withUndecidable = 0;
  private checked = 0;
  private unchecked = 0;

  /** @param isCut not all recorded calls were read */
  constructor(private readonly isCut: boolean) {}

  countChecked(calls: readonly RecordedCalls[]): void {
    for (const { count } of calls) this.checked += count;
  }

  countUnchecked(calls: readonly RecordedCalls[]): void {
    for (const { count } of calls) this.unchecked += count;
  }

  /** Takes in a caller, if anything changes for it. */
  addPrincipal(caller: ReportedCaller, { lost, gained, undecidable }: CallerChange): void {
    const isChanged = lost.length > 0 || gained.length > 0;
    if (isChanged) this.changed++;
    if (undecidable.length > 0) this.withUndecidable++;
    if ((!isChanged && undecidable.length === 0) || this.principals.length >= MAX_PRINCIPALS) return;
    this.principals.push({
      ...caller,
      lost: lost.map(toolsView),
      gained: gained.map(toolsView),
      undecidable: undecidable.map(toolsView),
    });
  }

  /** Takes in calls that would have been refused. */
  addRefused(caller: ReportedCaller, calls: RecordedCalls, server: McpServer): void {
    add(this.refused, callView(caller, calls, server));
  }

  /** Takes in calls that may have been refused. */
  addUndecidable(caller: ReportedCaller, calls: RecordedCalls, server: McpServer, reason: UndecidableReason): void {
    add(this.undecidable, { ...callView(caller, calls, server), reason });
  }

  view(): SimulationView {
    return {
      principals: this.principals,
      principals_changed: this.changed,
      principals_undecidable: this.withUndecidable,
      refused_calls: sampleOf(this.refused),
      undecidable_calls: sampleOf(this.undecidable),
      calls_checked: this.checked,
      calls_unchecked: this.unchecked,
      calls_cut: this.isCut,
      not_simulated: NOT_SIMULATED,
    };
  }
}

function toolsView({ server, tools, from }: PlacedTools): ChangedToolsView {
  return { server: server.prefix, tools: [...tools], from };
}

function callView(caller: ReportedCaller, { tool, count, last }: RecordedCalls, server: McpServer): RecordedCallView {
  return { ...caller, server: server.prefix, tool, calls: count, last: last.toISOString() };
}

/** Calls that differ in nothing that is shown are one entry. */
function add<View extends RecordedCallView>(views: Map<string, View>, view: View): void {
  const { calls, last, ...shown } = view;
  const name = JSON.stringify(shown);
  const known = views.get(name);
  if (known === undefined) {
    views.set(name, view);
    return;
  }
  known.calls += calls;
  if (last > known.last) known.last = last;
}

function sampleOf<View extends RecordedCallView>(views: ReadonlyMap<string, View>): { count: number; sample: View[] } {
  const all = [...views.values()];
  return {
    count: all.reduce((sum, { calls }) => sum + calls, 0),
    sample: all.toSorted((left, right) => right.last.localeCompare(left.last)).slice(0, MAX_SAMPLE),
  };
}
