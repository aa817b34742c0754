import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditRecord } from '../audit/audit-record.js';
import { AuditService } from '../audit/audit.service.js';
import { HookRegistry } from '../hooks/hook-registry.js';
import { LabelledMetric } from './labelled-metric.js';

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Prometheus metrics. Calls are counted from their audit records, so the two can never disagree. Server and tool are
 * labels only for names that were resolved in the catalogue, which bounds their number.
 */
@Injectable()
export class CallMetrics {
  private readonly registry = new Registry();
  private readonly calls = new LabelledMetric(
    new Counter({
      name: 'gatehouse_tool_calls_total',
      help: 'Tool calls and refusals by door, server, tool and outcome',
      labelNames: ['door', 'server', 'tool', 'outcome', 'code'],
      registers: [this.registry],
    }),
  );
  private readonly durations = new LabelledMetric(
    new Histogram({
      name: 'gatehouse_tool_call_duration_seconds',
      help: 'Time from the door to the answer of calls that reached a server',
      labelNames: ['server'],
      buckets: DURATION_BUCKETS,
      registers: [this.registry],
    }),
  );
  private readonly guardrails = new LabelledMetric(
    new Counter({
      name: 'gatehouse_guardrail_outcomes_total',
      help: 'What hooks decided',
      labelNames: ['guardrail', 'phase', 'outcome'],
      registers: [this.registry],
    }),
  );

  constructor(audit: AuditService, hooks: HookRegistry) {
    collectDefaultMetrics({ register: this.registry });
    const failOpenHooks: Gauge = new Gauge({
      name: 'gatehouse_fail_open_hooks',
      help: 'Hooks that let calls pass when they fail',
      registers: [this.registry],
      collect: () => failOpenHooks.set(hooks.all().filter((hook) => hook.failOpen).length),
    });
    audit.onRecord((record) => this.observe(record));
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The metrics in Prometheus text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private observe(record: AuditRecord): void {
    const server = record.serverName ?? '';
    const labels = [record.door, server, record.tool ?? '', record.outcome, record.code ?? ''];
    this.calls.of(labels).inc();
    if (record.serverId !== null) this.durations.of([server]).observe(record.durationMs / 1000);
    for (const { name, phase, outcome } of record.guardrails) this.guardrails.of([name, phase, outcome]).inc();
  }
}
