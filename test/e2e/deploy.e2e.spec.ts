import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { expressions, metricsOf } from '../../scripts/deploy/monitored.mjs';
import { availableBackends } from './support/backends.js';
import { startTestGateway, type TestGateway } from './support/test-gateway.js';

/** Made by Prometheus itself. */
const OF_PROMETHEUS = 'up';

let gateway: TestGateway;
beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend);
});
afterAll(() => gateway.close());

it('alerts and dashboard use metrics that the gateway has', async () => {
  const { text } = await gateway.admin('GET', '/metrics');
  const known = new Set<string | undefined>([OF_PROMETHEUS]);
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    known.add(type === 'histogram' ? `${name}_bucket` : name);
  }
  const unknown = expressions().flatMap(({ where, text: expression }) =>
    [...(metricsOf(expression) ?? ['not PromQL'])]
      .filter((name) => !known.has(name))
      .map((name) => `${where}: ${name}`),
  );
  expect(unknown).toEqual([]);
  expect(known.size).toBeGreaterThan(10);
});

it('a metric that does not exist would be found', () => {
  expect(metricsOf('sum(rate(absent_total{a="b"}[5m])) / up')).toEqual(new Set(['absent_total', 'up']));
  expect(metricsOf('sum(rate(absent_total[5m])')).toBeNull();
});
