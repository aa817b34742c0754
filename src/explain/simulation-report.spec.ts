import { describe, expect, it } from '@jest/globals';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import type { RecordedCalls } from '../audit/audit-reader.js';
import type { CallerChange } from './caller-comparison.js';
import { SimulationReport } from './simulation-report.js';

const ALPHA = mcpServer({ id: 'id-alpha', alias: 'alpha' });
const CALLER = { principal_id: 'key-1', key_alias: 'ci', customer_id: null };
const NOTHING: CallerChange = { lost: [], gained: [], undecidable: [] };
const READ = [{ server: ALPHA, tools: ['read'], from: 'anywhere' }] as const;

const calls = (minute: number, count: number, fields: Partial<RecordedCalls> = {}): RecordedCalls => ({
  principalId: 'key-1',
  customerId: null,
  serverId: ALPHA.id,
  tool: `tool-${minute}`,
  path: '/mcp',
  sourceAddress: null,
  count,
  last: new Date(Date.UTC(2026, 0, 1, 0, minute)),
  ...fields,
});

describe('SimulationReport', () => {
  it('counts every refused call and shows the twenty latest', () => {
    const report = new SimulationReport(false);
    for (let minute = 0; minute < 30; minute++) report.addRefused(CALLER, calls(minute, 2), ALPHA);
    const { count, sample } = report.view().refused_calls;
    expect(count).toBe(60);
    expect(sample).toHaveLength(20);
    expect(sample[0]).toMatchObject({ tool: 'tool-29', server: 'alpha', last: '2026-01-01T00:29:00.000Z' });
    expect(sample.at(-1)).toMatchObject({ tool: 'tool-10' });
  });

  it('joins calls that came in by several paths', () => {
    const report = new SimulationReport(false);
    report.addRefused(CALLER, calls(1, 2, { tool: 'read' }), ALPHA);
    report.addRefused(CALLER, calls(5, 3, { tool: 'read', path: '/alpha/mcp' }), ALPHA);
    report.addRefused({ ...CALLER, customer_id: 'acme' }, calls(3, 1, { tool: 'read' }), ALPHA);
    expect(report.view().refused_calls).toMatchObject({
      count: 6,
      sample: [
        { customer_id: null, calls: 5, last: '2026-01-01T00:05:00.000Z' },
        { customer_id: 'acme', calls: 1 },
      ],
    });
  });

  it('keeps what cannot be told apart from what is refused, with the reason', () => {
    const report = new SimulationReport(true);
    report.addUndecidable(CALLER, calls(1, 2), ALPHA, 'arguments_not_recorded');
    report.addUndecidable(CALLER, calls(1, 1), ALPHA, 'path_not_recorded');
    const view = report.view();
    expect(view.refused_calls.count).toBe(0);
    expect(view.undecidable_calls).toMatchObject({
      count: 3,
      sample: [{ reason: 'arguments_not_recorded', calls: 2 }, { reason: 'path_not_recorded' }],
    });
    expect(view.calls_cut).toBe(true);
    expect(view.not_simulated).toContain('arguments');
  });

  it('leaves out callers that nothing changes for, and counts those beyond the list', () => {
    const report = new SimulationReport(false);
    report.addPrincipal({ ...CALLER, principal_id: 'same' }, NOTHING);
    for (let index = 0; index < 1001; index++) {
      report.addPrincipal({ ...CALLER, principal_id: `key-${index}` }, { ...NOTHING, lost: READ });
    }
    report.addPrincipal(CALLER, { ...NOTHING, undecidable: READ });
    const view = report.view();
    expect(view.principals).toHaveLength(1000);
    expect(view).toMatchObject({ principals_changed: 1001, principals_undecidable: 1 });
    expect(view.principals[0]).toMatchObject({
      principal_id: 'key-0',
      lost: [{ server: 'alpha', tools: ['read'], from: 'anywhere' }],
    });
  });

  it('tells the calls that were checked from those that could not be', () => {
    const report = new SimulationReport(false);
    report.countChecked([calls(1, 3), calls(2, 4)]);
    report.countUnchecked([calls(3, 5)]);
    expect(report.view()).toMatchObject({ calls_checked: 7, calls_unchecked: 5 });
  });
});
