import { describe, expect, it } from '@jest/globals';
import { callOf } from '../../../test/fixtures/hook-calls.js';
import type { JsonObject } from '../../common/json.js';
import { checkObject } from '../../common/validation.js';
import { ApprovalRequired } from '../../hooks/approval-required.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import type { ToolCallView } from '../../hooks/hook.types.js';
import { CelHook } from './cel.hook.js';
import { CelSettings } from './cel.settings.js';

function decide(rules: readonly JsonObject[], call: ToolCallView): unknown {
  const { value, faults } = checkObject(CelSettings, { rules });
  expect(faults).toEqual([]);
  try {
    new CelHook(value, { toolPrefixSeparator: '-' }).preMcpCall(call);
    return null;
  } catch (thrown) {
    return thrown;
  }
}

function run(rules: readonly JsonObject[], args: JsonObject): string {
  const thrown = decide(rules, callOf(args));
  return thrown === null ? 'pass' : (thrown as Error).message;
}

describe('cel', () => {
  it.each<[string, readonly JsonObject[], string]>([
    ['a rule that holds', [{ when: 'args.amount > 10.0', message: 'too much' }], 'too much'],
    ['a rule without a message', [{ when: 'true' }], 'A rule does not allow this call'],
    ['a rule that does not hold', [{ when: 'args.amount > 100.0' }], 'pass'],
    ['a rule of another tool', [{ tool: 'other', when: 'true' }], 'pass'],
    ['a rule of this tool', [{ tool: 'send', when: 'true', message: 'no' }], 'no'],
    ['a rule of its public name', [{ tool: 'mail-send', when: 'true', message: 'no' }], 'no'],
    [
      'what is allowed only',
      [{ when: 'args.amount < 10.0', effect: 'allow', message: 'small ones only' }],
      'small ones only',
    ],
    [
      'who calls',
      [{ when: "principal.user_id == 'ann' && 'internal_user' in principal.roles", message: 'ann' }],
      'ann',
    ],
    ['where to', [{ when: "server.name == 'mail' && tool == 'send'", message: 'mail' }], 'mail'],
    ['what cannot be evaluated', [{ when: "args.missing == 'x'", message: 'shut' }], 'shut'],
    ['what has the wrong type', [{ when: "args.amount.startsWith('x')", message: 'shut' }], 'shut'],
    ['claims that are not there', [{ when: "principal.claims.department == 'x'", message: 'shut' }], 'shut'],
    [
      'the first that refuses',
      [
        { when: 'true', message: 'one' },
        { when: 'true', message: 'two' },
      ],
      'one',
    ],
  ])('decides by %s', (_, rules, outcome) => {
    expect(run(rules, { amount: 50 })).toBe(outcome);
  });

  it('stops a condition that takes too long', () => {
    const list = Array.from({ length: 3000 }, (_, index) => index);
    const when = 'args.l.all(a, args.l.all(b, args.l.all(c, a + b + c >= 0.0)))';
    expect(run([{ when, message: 'shut' }], { l: list })).toBe('shut');
  });

  it.each(['server-1-send', 'mail-send', 'post-send', 'MAIL-Send', 'send', 'SEND', 'by-another-name'])(
    'knows the tool as %s through every door',
    (tool) => {
      const server = { id: 'server-1', name: 'mail', alias: 'post' };
      const call = { ...callOf({}), server, publicName: 'By-Another-Name' };
      expect(decide([{ tool, when: 'true', message: 'no' }], call)).toMatchObject({ message: 'no' });
    },
  );

  it.each(['mail', 'mail-other', 'other-send'])('does not take %s for the tool', (tool) => {
    expect(run([{ tool, when: 'true' }], {})).toBe('pass');
  });

  it('sees the agent of the caller', () => {
    const call = callOf({});
    const rules = [{ when: "principal.agent_id == 'release-bot'", message: 'not for this agent' }];
    expect(decide(rules, { ...call, principal: { ...call.principal, agentId: 'release-bot' } })).toMatchObject({
      message: 'not for this agent',
    });
    expect(decide(rules, call)).toBeNull();
  });

  it('has a person decide where a rule says so', () => {
    const asks = { when: 'true', effect: 'ask', message: 'a person decides' };
    const asked = decide([asks], callOf({}));
    expect(asked).toBeInstanceOf(ApprovalRequired);
    expect(asked).toMatchObject({ message: 'a person decides' });
    const denied = decide([asks, { when: 'true', message: 'no' }], callOf({}));
    expect(denied).toBeInstanceOf(GuardrailViolation);
    expect(denied).toMatchObject({ message: 'no' });
  });
});
