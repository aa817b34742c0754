import { Injectable, Logger } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { messageOf } from '../common/gatehouse-error.js';
import { ServerHealthStore } from '../mcp-servers/server-health.store.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { MetricsRegistry } from './metrics-registry.js';

/** Health of the servers as a metric: the stored results, so that every replica says the same. */
@Injectable()
export class ServerGauge {
  private readonly logger = new Logger(ServerGauge.name);

  constructor(
    metrics: MetricsRegistry,
    private readonly store: ServerHealthStore,
    private readonly servers: ServerRegistry,
  ) {
    const gauge: Gauge = new Gauge({
      name: 'gatehouse_server_up',
      help: '1 when the last background check of a server succeeded, 0 when it failed; missing: not known',
      labelNames: ['server'],
      registers: [metrics],
      collect: () => this.collect(gauge),
    });
  }

  /** A database that does not answer takes no other metric with it. */
  private async collect(gauge: Gauge): Promise<void> {
    const { servers } = this.servers.current;
    try {
      const statuses = await this.store.statuses(servers.map(({ id }) => id));
      gauge.reset();
      for (const { id, prefix } of servers) {
        const status = statuses.get(id) ?? 'unknown';
        if (status !== 'unknown') gauge.labels(prefix).set(status === 'healthy' ? 1 : 0);
      }
    } catch (error) {
      this.logger.warn(`the health of servers could not be read for the metrics: ${messageOf(error)}`);
    }
  }
}
