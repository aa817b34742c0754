import { describe, expect, it } from '@jest/globals';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import { SimulationReport } from './simulation-report.js';

const ALPHA = mcpServer({ id: 'id-alpha', alias: 'alpha' });
const calls = (minute: number, count: number) => ({
  principalId: 'key-1',
  serverId: ALPHA.id,
  tool: `tool-${minute}`,
  count,
  last: new Date(Date.UTC(2026, 0, 1, 0, minute)),
});

describe('SimulationReport', () => {
  it('counts every refused call and shows the twenty latest', () => {
    const report = new SimulationReport();
    for (let minute = 0; minute < 30; minute++) report.addRefused(calls(minute, 2), 'ci', ALPHA);
    const { count, sample } = report.view().refused_calls;
    expect(count).toBe(60);
    expect(sample).toHaveLength(20);
    expect(sample[0]).toMatchObject({ tool: 'tool-29', server: 'alpha', last: '2026-01-01T00:29:00.000Z' });
    expect(sample.at(-1)).toMatchObject({ tool: 'tool-10' });
  });

  it('leaves out callers that nothing changes for, and counts those beyond the list', () => {
    const report = new SimulationReport();
    report.addPrincipal('same', null, [], []);
    for (let index = 0; index < 1001; index++) {
      report.addPrincipal(`key-${index}`, null, [{ server: ALPHA, tools: ['read'] }], []);
    }
    const view = report.view();
    expect(view.principals).toHaveLength(1000);
    expect(view.principals_changed).toBe(1001);
    expect(view.principals[0]).toMatchObject({ principal_id: 'key-0', lost: [{ server: 'alpha', tools: ['read'] }] });
  });

  it('tells the calls that were checked from those that could not be', () => {
    const report = new SimulationReport();
    report.countChecked([calls(1, 3), calls(2, 4)]);
    report.countUnchecked([calls(3, 5)]);
    expect(report.view()).toMatchObject({ calls_checked: 7, calls_unchecked: 5 });
  });
});
