import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from './argument-rule.js';
import { checkArgumentRules, compileRules, evaluate } from './argument-rules.js';
import type { ConditionVariables } from './cel.js';

function rule(when: string, effect: ArgumentRule['effect'] = 'allow', tool = '*'): ArgumentRule {
  return { tool, when, effect, message: null };
}

function variables(args: JsonObject): ConditionVariables {
  return {
    args,
    tool: 'write',
    server: { id: 'id-1', name: null, alias: 'files' },
    principal: {
      user_id: 'ann',
      team_id: null,
      organization_id: null,
      customer_id: null,
      agent_id: null,
      key_alias: 'ci',
      roles: ['internal_user'],
      claims: { department: { code: 7 } },
    },
  };
}

const hitsEvery = (): boolean => true;

function refuses(rules: readonly ArgumentRule[], args: JsonObject): boolean {
  return evaluate(compileRules(rules), { hits: hitsEvery, variables: variables(args) }) !== null;
}

function effectOf(rules: readonly ArgumentRule[], args: JsonObject): 'deny' | 'ask' | undefined {
  return evaluate(compileRules(rules), { hits: hitsEvery, variables: variables(args) })?.effect;
}

describe('conditions', () => {
  const args: JsonObject = { n: 5, text: 'a-b', list: [1, 'x', { deep: true }], map: { a: 1 }, nothing: null };

  it.each([
    'args.n == 5 && args.n != 4 && args.n > 4 && args.n <= 5.0 && args.n in [1, 5]',
    'args.n + 1.0 == 6.0 && int(args.n) % 2 == 1',
    "args.text == 'a-b' && args.text.startsWith('a') && args.text.contains('-') && args.text.size() == 3",
    "args.text.matches('^[a-z]-b$') && !args.text.matches('^c')",
    "size(args.list) == 3 && 1 in args.list && 'x' in args.list && args.list[2].deep",
    "args.map == {'a': 1} && args.map.all(key, key == 'a') && 'a' in args.map",
    'has(args.nothing) && args.nothing == null && !has(args.missing)',
    "[1, 'x'].exists(each, each == args.list[1]) && args.list.filter(each, each == 1).size() == 1",
    "tool == 'write' && server.id == 'id-1' && server.name == null && server.alias == 'files'",
    "principal.user_id == 'ann' && principal.team_id == null && 'internal_user' in principal.roles",
    "principal.claims.department.code == 7 && 'no' + principal.user_id == 'noann'",
    'args.n > 4 || args.missing == 1',
  ])('hold: %s', (when) => {
    expect(checkArgumentRules([rule(when)])).toEqual([]);
    expect(refuses([rule(when)], args)).toBe(false);
    expect(refuses([rule(when, 'deny')], args)).toBe(true);
  });

  it.each(['args.n == 6', "args.text == 5 || args.n == '5'", 'has(args.missing)', "args.list == ['x']"])(
    'do not hold: %s',
    (when) => {
      expect(refuses([rule(when)], args)).toBe(true);
      expect(refuses([rule(when, 'deny')], args)).toBe(false);
    },
  );

  it.each([
    ['a missing argument', 'args.missing == 1'],
    ['a missing argument below one', 'has(args.missing.deeper)'],
    ['a missing index', 'args.list[7] == 1'],
    ['types that cannot be compared', "args.n > 'a'"],
    ['types that cannot be added', 'args.n + 1 > 2'],
    ['matches() on what is no text', "args.n.matches('5')"],
    ['something else than a boolean', 'args.text'],
    ['null', 'args.nothing'],
    ['the prototype', 'args.constructor == 1'],
    ['a claim that is not there', "principal.claims.nope == 'x'"],
  ])('that cannot be evaluated refuse, whatever their effect: %s', (_what, when) => {
    expect(checkArgumentRules([rule(when)])).toEqual([]);
    expect(refuses([rule(when)], args)).toBe(true);
    expect(refuses([rule(when, 'deny')], args)).toBe(true);
    expect(effectOf([rule(when, 'ask')], args)).toBe('deny');
  });

  it('see an argument by the name of a member of every object', () => {
    const hostile: JsonObject = JSON.parse('{"__proto__": "x", "hasOwnProperty": 1, "toString": true}');
    expect(refuses([rule("args.hasOwnProperty == 1 && args.toString && args['__proto__'] == 'x'")], hostile)).toBe(
      false,
    );
  });
});

describe('rules', () => {
  it('apply when the tool is hit, and the first that refuses speaks', () => {
    const rules = [
      rule('args.a == 1', 'allow', 'other'),
      rule('args.a == 2', 'allow', 'write'),
      rule('true', 'deny', 'x'),
    ];
    const context = { hits: (tool: string) => tool !== 'other', variables: variables({ a: 1 }) };
    expect(evaluate(compileRules(rules), context)).toEqual({
      ...{ rule: rules[1], effect: 'deny', detail: 'the condition is false' },
    });
    expect(evaluate(compileRules(rules), { ...context, hits: () => false })).toBeNull();
  });

  it('ask when their condition holds, and only when no other one refuses', () => {
    const ask = rule('args.a == 1', 'ask');
    expect(effectOf([ask], { a: 1 })).toBe('ask');
    expect(effectOf([ask], { a: 2 })).toBeUndefined();
    const [first, second] = [rule('true', 'ask'), rule('args.a > 0', 'ask')];
    const context = { hits: hitsEvery, variables: variables({ a: 1 }) };
    expect(evaluate(compileRules([first, second]), context)?.rule).toBe(first);
    for (const refusing of [rule('args.a == 1', 'deny'), rule('args.a == 2'), rule('args.missing == 1', 'ask')]) {
      expect(effectOf([ask, refusing], { a: 1 })).toBe('deny');
      expect(effectOf([refusing, ask], { a: 1 })).toBe('deny');
    }
  });

  it('are compiled once for each array', () => {
    const rules = [rule('true')];
    expect(compileRules(rules)).toBe(compileRules(rules));
    expect(compileRules([...rules])).not.toBe(compileRules(rules));
  });

  it('that do not compile refuse the tools that they are about', () => {
    const rules = [rule('args.', 'deny', 'write')];
    const context = { hits: (tool: string) => tool === 'write', variables: variables({}) };
    expect(evaluate(compileRules(rules), context)?.detail).toContain('cannot be evaluated');
    expect(evaluate(compileRules(rules), { ...context, hits: () => false })).toBeNull();
  });

  it('refuse arguments that are nested too deeply to be looked at', () => {
    const nested = (depth: number): JsonObject => (depth === 0 ? {} : { a: nested(depth - 1) });
    expect(refuses([rule('true')], nested(11))).toBe(false);
    expect(refuses([rule('true')], nested(12))).toBe(true);
    expect(refuses([], nested(12))).toBe(false);
  });

  it('stop a loop that takes too long', () => {
    const list = Array.from({ length: 3000 }, (_, index) => index);
    const when = 'args.l.all(a, args.l.all(b, args.l.all(c, a + b + c >= 0.0)))';
    expect(checkArgumentRules([rule(when)])).toEqual([]);
    const refusal = evaluate(compileRules([rule(when)]), { hits: hitsEvery, variables: variables({ l: list }) });
    expect(refusal?.detail).toContain('timed out');
    expect(refuses([rule(when)], { l: [1, 2] })).toBe(false);
  });

  it('refuse a text that is too long for a pattern', () => {
    const when = "args.text.matches('.*a.{100}$')";
    expect(refuses([rule(when)], { text: `a${'b'.repeat(100)}` })).toBe(false);
    expect(refuses([rule(when)], { text: `a${'b'.repeat(100)}`.padStart(1_000_000, 'a') })).toBe(true);
  });
});

describe('checkArgumentRules', () => {
  it.each([
    ['args.', 'Expected IDENTIFIER, got EOF (at character 6)'],
    ['arg.a == 1', 'Unknown variable: arg (at character 1)'],
    ['principal.usr == 1', 'No such key: usr'],
    ['true && 1', 'Logical operator requires bool operands'],
    ['tool > 5', 'no such overload'],
    ['size(args.a)', 'it must be true or false, but is of type int'],
    ["args.a.matches('(')", 'missing closing )'],
    ["args.a.matches('(?=a)')", 'invalid or unsupported Perl syntax'],
    ['args.a.matches(args.b)', 'must be written as a string'],
    ["args.a.matches('a{1000}a{1000}')", 'the pattern of matches() is too large'],
    ["args.n.size().matches('a')", 'matches() needs a string'],
    ["args.a.split('') == []", 'the function split() is not available'],
    ['cel.bind(x, args.a, x == 1)', 'the function bind() is not available'],
    ['[1].map(i, args.a.json()) == []', 'the function json() is not available'],
    ['args.a.contains(args.b)', 'contains() can only look for'],
    ['args.l.exists(i, args.a.contains(i))', 'contains() can only look for'],
    [Array(5).fill('[1].all(i, true)').join(' && '), 'at most 4 loops'],
    [`size(args.l${' + args.l'.repeat(9)}) > 1`, 'at most 8 additions'],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, 'maxDepth'],
  ])('refuses %s', (when, message) => {
    const [fault, ...others] = checkArgumentRules([rule('true'), rule(when)]);
    expect(others).toEqual([]);
    expect(fault?.path).toBe('argument_rules.1.when');
    expect(fault?.message).toContain(message);
    expect(fault?.message).not.toContain('\n');
  });

  it('refuses what is long, or takes long to compile', () => {
    const faultOf = (when: string): string | undefined => checkArgumentRules([rule(when)])[0]?.message;
    expect(faultOf(`${'!'.repeat(1000)}true`)).toContain('maxAstNodes');
    expect(faultOf('x'.repeat(2001))).toContain('must have at most 2000 characters');
    expect(faultOf(`args.a.matches('${'a{1000}'.repeat(280)}')`)).toMatch(/timed out|too large/);
  });

  it('refuses more than 64 rules', () => {
    expect(checkArgumentRules(Array(64).fill(rule('true')))).toEqual([]);
    expect(checkArgumentRules(Array(65).fill(rule('true')))).toHaveLength(1);
  });
});

describe('for whatever is stored and sent', () => {
  const CONDITIONS = [
    'args.a == args.b',
    'args.a > 1',
    'args.a.b.c in args.list',
    "args.a.matches('^(a|b)*$')",
    'args.list.exists(i, i.x == args.a)',
    'args.list.map(i, i + 1) == args.b',
    'args == {}',
    "principal.claims.x == args.a && args.a != ''",
    'args.a',
    '!args.a',
    '-args.a < 0',
  ];

  it('evaluate() gives an answer and never throws', () => {
    const condition = fc.oneof(fc.constantFrom(...CONDITIONS), fc.string());
    const anyRule: fc.Arbitrary<ArgumentRule> = fc.record({
      tool: fc.string(),
      when: condition,
      effect: fc.constantFrom('allow' as const, 'deny' as const),
      message: fc.constant(null),
    });
    const member = fc.jsonValue({ maxDepth: 4 });
    const args = fc.oneof(
      fc.record({ a: member, b: member, list: fc.oneof(fc.array(member), member) }, { requiredKeys: [] }),
      fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor'), fc.string()), member),
    );
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 4 }), args, (rules, sent) => {
        const context = { hits: hitsEvery, variables: variables(sent as JsonObject) };
        const refusal = evaluate(compileRules(rules), context);
        expect(refusal === null || rules.includes(refusal.rule)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
