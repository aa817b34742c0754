import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import { HookRegistry } from '../hooks/hook-registry.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { MetricsRegistry } from './metrics-registry.js';

/** Figures of servers and hooks as this replica knows them. Their names bound the number of labels. */
@Injectable()
export class ServerMetrics {
  constructor(
    metrics: MetricsRegistry,
    private readonly servers: ServerRegistry,
    private readonly catalog: CatalogService,
    private readonly hooks: HookRegistry,
  ) {
    const state = 'State of the tools of each server in this replica: ok, stale, unavailable, needs_auth or unknown';
    metrics.observe({ name: 'gatehouse_server_state', help: state, labelNames: ['server', 'state'] }, (set) => {
      for (const server of this.servers.current.servers) {
        const never = this.catalog.wasAsked(server) ? 'unavailable' : 'unknown';
        set({ server: server.prefix, state: this.catalog.peek(server)?.status ?? never }, 1);
      }
    });
    const durations = {
      name: 'gatehouse_guardrail_duration_seconds',
      help: 'Median and 99th percentile of the latest runs of each hook',
      labelNames: ['guardrail', 'quantile'],
    } as const;
    metrics.observe(durations, (set) => {
      for (const { name: guardrail, stats } of this.hooks.all()) {
        const { p50Ms, p99Ms } = stats.figures();
        if (p50Ms !== null) set({ guardrail, quantile: '0.5' }, p50Ms / 1000);
        if (p99Ms !== null) set({ guardrail, quantile: '0.99' }, p99Ms / 1000);
      }
    });
  }
}
