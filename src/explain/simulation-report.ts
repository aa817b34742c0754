import type { RecordedCalls } from '../audit/audit-reader.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerTools } from './access-difference.js';
import type { ChangedPrincipalView, ChangedToolsView, RefusedCallView, SimulationView } from './simulate.views.js';

const MAX_PRINCIPALS = 1000;
const MAX_SAMPLE = 20;

/** Collects what a draft changes. */
export class SimulationReport {
  private readonly principals: ChangedPrincipalView[] = [];
  private readonly refused: RefusedCallView[] = [];
  private changed = 0;
  private checked = 0;
  private unchecked = 0;

  countChecked(calls: readonly RecordedCalls[]): void {
    for (const { count } of calls) this.checked += count;
  }

  countUnchecked(calls: readonly RecordedCalls[]): void {
    for (const { count } of calls) this.unchecked += count;
  }

  /** Takes in a caller, if it loses or gains anything. */
  addPrincipal(id: string, alias: string | null, lost: readonly ServerTools[], gained: readonly ServerTools[]): void {
    if (lost.length === 0 && gained.length === 0) return;
    this.changed++;
    if (this.principals.length >= MAX_PRINCIPALS) return;
    this.principals.push({
      principal_id: id,
      key_alias: alias,
      lost: lost.map(toolsView),
      gained: gained.map(toolsView),
    });
  }

  /** Takes in calls that would have been refused. */
  addRefused(calls: RecordedCalls, alias: string | null, server: McpServer): void {
    this.refused.push({
      principal_id: calls.principalId,
      key_alias: alias,
      server: server.prefix,
      tool: calls.tool,
      calls: calls.count,
      last: calls.last.toISOString(),
    });
  }

  view(): SimulationView {
    return {
      principals: this.principals,
      principals_changed: this.changed,
      refused_calls: {
        count: this.refused.reduce((sum, { calls }) => sum + calls, 0),
        sample: this.refused.toSorted((left, right) => right.last.localeCompare(left.last)).slice(0, MAX_SAMPLE),
      },
      calls_checked: this.checked,
      calls_unchecked: this.unchecked,
    };
  }
}

function toolsView({ server, tools }: ServerTools): ChangedToolsView {
  return { server: server.prefix, tools: [...tools] };
}
