import { describe, expect, it } from '@jest/globals';
import {
  level,
  mcpServer,
  policyWorld,
  principalWith,
  requestFor,
  snapshotOf,
} from '../../test/permissions/policy-fixtures.js';
import type { ArgumentRule, Principal } from '../auth/principal.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import { argumentConditions, canRefuseMore, type ArgumentConditions } from './argument-conditions.js';
import { decide } from './evaluator.js';

const deny = (tool: string, when = 'has(args.force)'): ArgumentRule => ({ tool, when, effect: 'deny', message: null });

function conditions(fields: Partial<McpServer>, rules: readonly ArgumentRule[] = [], caller: Partial<Principal> = {}) {
  const server = mcpServer({ id: 'id-alpha', alias: 'alpha', ...fields });
  const principal = principalWith([level('key', { mcp_servers: ['alpha'] }, { argumentRules: rules })], caller);
  const decision = decide(policyWorld(snapshotOf([server])), principal, requestFor());
  const access = decision.granted ? decision.servers.get(server.id) : undefined;
  if (access === undefined) throw new Error('the server is not granted');
  return argumentConditions(access, principal, 'write');
}

const NONE = conditions({});

describe('canRefuseMore', () => {
  const cases: readonly [string, ArgumentConditions, ArgumentConditions, boolean][] = [
    ['nothing to nothing', NONE, NONE, false],
    ['a new rule of the server', NONE, conditions({ argumentRules: [deny('write')] }), true],
    ['a new rule of the key', NONE, conditions({}, [deny('alpha-WRITE')]), true],
    ['a new rule for every tool', NONE, conditions({}, [deny('*')]), true],
    ['a new rule about another tool', NONE, conditions({}, [deny('read')]), false],
    ['a rule that goes', conditions({}, [deny('write')]), NONE, false],
    ['a rule that moves', conditions({}, [deny('write')]), conditions({ argumentRules: [deny('*')] }), false],
    ['another condition', conditions({}, [deny('*')]), conditions({}, [deny('*', 'true')]), true],
    ['first names', NONE, conditions({ allowedParams: { write: ['a'] } }), true],
    ['names for another tool', NONE, conditions({ allowedParams: { read: ['a'] } }), false],
    [
      'fewer names',
      conditions({ allowedParams: { write: ['a', 'b'] } }),
      conditions({ allowedParams: { write: ['a'] } }),
      true,
    ],
    [
      'more names',
      conditions({ allowedParams: { write: ['a'] } }),
      conditions({ allowedParams: { write: ['a', 'b'] } }),
      false,
    ],
    ['no names any more', conditions({ allowedParams: { write: [] } }), NONE, false],
  ];
  it.each(cases)('%s', (_name, earlier, later, expected) => {
    expect(canRefuseMore(earlier, later)).toBe(expected);
  });

  it('takes another caller for another condition, where the condition asks who calls', () => {
    const rule = deny('*', "principal.team_id == 'a'");
    const inA = { teamId: 'a' };
    expect(canRefuseMore(conditions({}, [rule]), conditions({}, [rule], inA))).toBe(true);
    expect(canRefuseMore(conditions({}, [deny('*')]), conditions({}, [deny('*')], inA))).toBe(false);
  });
});
