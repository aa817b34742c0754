import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Histogram } from 'prom-client';
import type { AuditRecord } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import { HookRegistry } from '../hooks/hook-registry.js';
import { ListHooks } from '../hooks/list-hooks.js';
import { ConfigReload } from '../reload/config-reload.js';
import { MetricsRegistry } from './metrics-registry.js';
import { Tallies, type Tally } from './tally.js';

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Stands for the tool of calls whose name was not resolved. */
const NO_TOOL = {};

/**
 * Prometheus metrics. Calls are counted from their audit records, so the two can never disagree. Server and tool are
 * labels only for names that were resolved in the catalogue, which bounds their number.
 */
@Injectable()
export class CallMetrics {
  private readonly calls = new Counter({
    name: 'gatehouse_tool_calls_total',
    help: 'Tool calls and refusals by door, server, tool and outcome',
    labelNames: ['door', 'server', 'tool', 'outcome', 'code'],
    registers: [],
  });
  private readonly requests = new Counter({
    name: 'gatehouse_server_requests_total',
    help: 'Requests to servers that are no tool calls, by door, server, method and outcome',
    labelNames: ['door', 'server', 'method', 'outcome', 'code'],
    registers: [],
  });
  private readonly durations = new Histogram({
    name: 'gatehouse_tool_call_duration_seconds',
    help: 'Time from the door to the answer of calls that reached a server',
    labelNames: ['server'],
    buckets: DURATION_BUCKETS,
    registers: [],
  });
  private readonly guardrails = new Counter({
    name: 'gatehouse_guardrail_outcomes_total',
    help: 'What hooks decided on calls and lists',
    labelNames: ['guardrail', 'phase', 'outcome'],
    registers: [],
  });
  private readonly callTallies = new Tallies((labels, count, seconds) => {
    this.calls.labels(...labels).inc(count);
    const [, server = ''] = labels;
    for (const value of seconds) this.durations.labels(server).observe(value);
  });
  private readonly guardrailTallies = new Tallies((labels, count) => this.guardrails.labels(...labels).inc(count));
  private readonly tallyOfCall = new WeakMap<object, Map<string, Tally>>();
  private readonly tallyOfGuardrail = new Map<string, Tally>();

  constructor(
    private readonly metrics: MetricsRegistry,
    audit: AuditService,
    hooks: HookRegistry,
    lists: ListHooks,
    configFile: ConfigReload,
  ) {
    metrics.registerMetric(this.calls);
    metrics.registerMetric(this.requests);
    metrics.registerMetric(this.durations);
    metrics.registerMetric(this.guardrails);
    collectDefaultMetrics({ register: metrics });
    const lenient = {
      name: 'gatehouse_fail_open_hooks',
      help: 'Hooks that let calls pass when they fail',
      labelNames: [],
    };
    metrics.observe(lenient, (set) => set({}, hooks.all().filter((hook) => hook.failOpen).length));
    const current = {
      name: 'gatehouse_config_file_current',
      help: '0 when CONFIG_FILE was changed and could not be taken over, else 1',
      labelNames: [],
    };
    metrics.observe(current, (set) => set({}, configFile.state.isCurrent ? 1 : 0));
    audit.onRecord((record) => this.observe(record));
    lists.onStep((step) => this.guardrailTally(step).add());
  }

  get contentType(): string {
    return this.metrics.contentType;
  }

  /** The metrics in Prometheus text format. */
  text(): Promise<string> {
    this.callTallies.flush();
    this.guardrailTallies.flush();
    return this.metrics.metrics();
  }

  private observe(record: AuditRecord): void {
    const { target, durationMs, guardrails, method } = record;
    if (method !== undefined) return this.observeRequest(record, method);
    this.callTally(record).add(target === null ? undefined : durationMs / 1000);
    for (const step of guardrails) this.guardrailTally(step).add();
  }

  private observeRequest({ door, target, outcome, code }: AuditRecord, method: string): void {
    this.requests.labels(door, target?.serverName ?? '', method, outcome, code ?? '').inc();
  }

  private callTally({ door, target, outcome, code }: AuditRecord): Tally {
    const key = `${door} ${outcome} ${code ?? ''}`;
    const known = this.talliesOf(target ?? NO_TOOL);
    let tally = known.get(key);
    if (tally === undefined) {
      tally = this.callTallies.of([door, target?.serverName ?? '', target?.tool ?? '', outcome, code ?? '']);
      known.set(key, tally);
    }
    return tally;
  }

  private talliesOf(tool: object): Map<string, Tally> {
    let tallies = this.tallyOfCall.get(tool);
    if (tallies === undefined) {
      tallies = new Map();
      this.tallyOfCall.set(tool, tallies);
    }
    return tallies;
  }

  private guardrailTally({ name, phase, outcome }: AuditRecord['guardrails'][number]): Tally {
    const key = `${name}\n${phase}\n${outcome}`;
    let tally = this.tallyOfGuardrail.get(key);
    if (tally === undefined) {
      tally = this.guardrailTallies.of([name, phase, outcome]);
      this.tallyOfGuardrail.set(key, tally);
    }
    return tally;
  }
}
