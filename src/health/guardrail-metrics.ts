import { Injectable } from '@nestjs/common';
import { HookRegistry } from '../hooks/hook-registry.js';
import { MetricsRegistry } from './metrics-registry.js';

/** How long hooks take. */
@Injectable()
export class GuardrailMetrics {
  constructor(metrics: MetricsRegistry, hooks: HookRegistry) {
    const durations = {
      name: 'gatehouse_guardrail_duration_seconds',
      help: 'Median and 99th percentile of the latest runs of each hook',
      labelNames: ['guardrail', 'quantile'],
    } as const;
    metrics.observe(durations, (set) => {
      for (const { name: guardrail, stats } of hooks.all()) {
        const { p50Ms, p99Ms } = stats.figures();
        if (p50Ms !== null) set({ guardrail, quantile: '0.5' }, p50Ms / 1000);
        if (p99Ms !== null) set({ guardrail, quantile: '0.99' }, p99Ms / 1000);
      }
    });
  }
}
