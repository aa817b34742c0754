import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../auth/principal.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { GuardrailViolation } from './guardrail-violation.js';
import { HookRunner } from './hook-runner.js';
import type { HookedCall, HookedReply } from './hooked-call.js';
import type { ToolCallView } from './hook.types.js';
import { registerHook, type RegisteredHook } from './registered-hook.js';

const principal: Principal = {
  kind: 'virtual_key',
  id: 'key-1',
  role: 'internal_user',
  keyHash: 'ab',
  keyAlias: 'team key',
  userId: null,
  teamId: null,
  organizationId: null,
  customerId: null,
  agentId: null,
  allowedRoutes: [],
  guardrails: [],
  jwtClaims: null,
  levels: [],
  levelMissing: false,
};

function call(overrides: Partial<HookedCall> = {}): HookedCall {
  return {
    callId: 'c1',
    origin: 'mcp',
    principal,
    publicName: 'files-read',
    hookTarget: { server: { id: 's1', name: 'files', alias: null }, guardrails: [], tool: 'read' },
    headers: {
      authorization: 'Bearer sk-secret',
      'mcp-session-id': 's',
      'x-mcp-files-authorization': 't',
      'x-tenant': 'a',
    },
    signal: new AbortController().signal,
    arguments: { path: '/a', nested: { deep: [1] } },
    hookHeaders: null,
    hooks: null,
    trace: null,
    hookSteps: [],
    rehearsal: null,
    asks: null,
    dispatch: null,
    notify: () => undefined,
    ...overrides,
  };
}

function pre(name: string, run: (view: ToolCallView) => unknown, options: object = {}): RegisteredHook {
  return registerHook({ name, ...options }, { preMcpCall: run });
}

function post(name: string, run: (view: ToolCallView, result: JsonObject) => unknown): RegisteredHook {
  return registerHook({ name }, { postMcpCall: run });
}

async function refusalOf(run: Promise<unknown>): Promise<GatehouseError> {
  const thrown: unknown = await run.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof GatehouseError)) throw new Error(`expected a refusal, got ${String(thrown)}`);
  return thrown;
}

const runner = new HookRunner();
const result: HookedReply = { kind: 'result', result: { content: [{ type: 'text', text: 'secret 42' }] } };

describe('pre hooks', () => {
  it('lets later hooks see what earlier ones changed and hands on the last word', async () => {
    const seen: unknown[] = [];
    const subject = call();
    const hooks = [
      pre('one', () => ({ arguments: { path: '/b' }, headers: { 'X-One': '1', 'x-both': 'one' } })),
      pre('two', async (view) => {
        seen.push(view.arguments);
        return { headers: { 'X-Both': 'two' } };
      }),
      pre('three', (view) => void seen.push(view.arguments)),
    ];
    await runner.runPre(hooks, subject);
    expect(seen).toEqual([{ path: '/b' }, { path: '/b' }]);
    expect(subject.arguments).toEqual({ path: '/b' });
    expect(subject.hookHeaders).toEqual({ 'x-one': '1', 'x-both': 'two' });
    expect(subject.hookSteps.map((step) => step.outcome)).toEqual(['changed', 'changed', 'pass']);
  });

  it('shows a deeply frozen view without credentials', async () => {
    const failures: string[] = [];
    const subject = call();
    const probe = pre('probe', (view) => {
      for (const [what, change] of [
        ['view', () => Object.assign(view, { tool: 'other' })],
        ['arguments', () => Object.assign(view.arguments, { path: '/etc' })],
        ['nested', () => (view.arguments.nested as { deep: number[] }).deep.push(2)],
        ['headers', () => Object.assign(view.headers, { 'x-tenant': 'b' })],
        ['principal', () => Object.assign(view.principal, { teamId: 'admins' })],
        ['server', () => Object.assign(view.server, { id: 's2' })],
      ] as const) {
        try {
          change();
          failures.push(what);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }
      expect(view.headers).toEqual({ 'x-tenant': 'a' });
      expect(view.principal.keyHash).toBe('ab');
    });
    await runner.runPre([probe], subject);
    expect(failures).toEqual([]);
    expect(subject.hookSteps).toEqual([{ name: 'probe', phase: 'pre', outcome: 'pass' }]);
  });

  it('keeps no tie to the object that a hook returned', async () => {
    const returned = { arguments: { path: '/b', list: ['x'] } };
    const subject = call();
    await runner.runPre([pre('late', () => returned)], subject);
    returned.arguments.list.push('y');
    returned.arguments.path = '/etc/passwd';
    expect(subject.arguments).toEqual({ path: '/b', list: ['x'] });
  });

  it('blocks with the words of the violation, and stops there', async () => {
    let reached = false;
    const subject = call();
    const hooks = [
      pre('no', () => {
        throw new GuardrailViolation('not today', { details: { rule: 7 } });
      }),
      pre('after', () => void (reached = true)),
    ];
    const refusal = await refusalOf(runner.runPre(hooks, subject));
    expect(refusal).toMatchObject({
      code: 'guardrail_denied',
      publicMessage: 'not today',
      sent: 'no',
      guardrail: 'no',
    });
    expect(reached).toBe(false);
    expect(subject.hookSteps).toEqual([{ name: 'no', phase: 'pre', outcome: 'blocked', details: { rule: 7 } }]);
  });

  it.each<[string, (view: ToolCallView) => unknown]>([
    ['throws', () => Promise.reject(new Error('database password is hunter2'))],
    [
      'throws at once',
      () => {
        throw new TypeError('x');
      },
    ],
    ['returns text', () => 'stop'],
    ['returns an unknown member', () => ({ argument: {} })],
    ['returns arguments that are a list', () => ({ arguments: [] })],
    [
      'returns arguments with a cycle',
      () => {
        const cycle: Record<string, unknown> = {};
        cycle.self = cycle;
        return { arguments: cycle };
      },
    ],
    ['sets a reserved header', () => ({ headers: { Host: 'evil' } })],
    ['sets a protocol header', () => ({ headers: { 'Mcp-Session-Id': 'x' } })],
    ['splits a header', () => ({ headers: { 'x-a': 'b\r\nx-c: d' } })],
    ['sets a header to a number', () => ({ headers: { 'x-a': 1 } })],
  ])('fails closed when a hook %s', async (_, run) => {
    const subject = call();
    const refusal = await refusalOf(runner.runPre([pre('broken', run)], subject));
    expect(refusal).toMatchObject({ code: 'guardrail_unavailable', sent: 'no', guardrail: 'broken' });
    expect(refusal.publicMessage).not.toContain('hunter2');
    expect(subject.hookSteps).toEqual([{ name: 'broken', phase: 'pre', outcome: 'failed' }]);
  });

  it('ends a hook that hangs and tells it so', async () => {
    let told: AbortSignal | null = null;
    const hang = pre(
      'slow',
      (view) => {
        told = view.signal;
        return new Promise(() => undefined);
      },
      { timeoutMs: 20 },
    );
    const refusal = await refusalOf(runner.runPre([hang], call()));
    expect(refusal.code).toBe('guardrail_unavailable');
    expect(told).toMatchObject({ aborted: true });
  });

  it('lets a call pass a broken hook only where that hook says failOpen, and never past a violation', async () => {
    const subject = call();
    const broken = pre('monitor', () => Promise.reject(new Error('down')), { failOpen: true });
    await runner.runPre([broken], subject);
    expect(subject.hookSteps).toEqual([{ name: 'monitor', phase: 'pre', outcome: 'failed_open' }]);
    const denies = pre('strict', () => Promise.reject(new GuardrailViolation('no')), { failOpen: true });
    expect((await refusalOf(runner.runPre([denies], call()))).code).toBe('guardrail_denied');
  });
});

function during(name: string, run: (view: ToolCallView) => unknown, options: object = {}): RegisteredHook {
  return registerHook({ name, ...options }, { duringMcpCall: run });
}

describe('during hooks', () => {
  const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it('run at once, and the first in order that refuses decides, not the fastest', async () => {
    const subject = call();
    let cancels = 0;
    const hooks = [
      during('passes', () => later(20)),
      during('slow', async () => {
        await later(30);
        throw new GuardrailViolation('slow but first');
      }),
      during('fast', () => {
        throw new GuardrailViolation('fast but last');
      }),
    ];
    const cancel = async (): Promise<'yes'> => {
      cancels++;
      return 'yes';
    };
    const refusal = await refusalOf(runner.runDuring(hooks, subject, cancel));
    expect(refusal).toMatchObject({ code: 'guardrail_denied', guardrail: 'slow', sent: 'yes' });
    expect(cancels).toBeGreaterThan(0);
    expect(subject.hookSteps).toEqual([
      { name: 'passes', phase: 'during', outcome: 'pass' },
      { name: 'slow', phase: 'during', outcome: 'blocked' },
      { name: 'fast', phase: 'during', outcome: 'blocked' },
    ]);
  });

  it.each<[string, (view: ToolCallView) => unknown]>([
    ['throws', () => Promise.reject(new Error('hunter2'))],
    ['hangs', () => new Promise(() => undefined)],
    ['returns a change', () => ({ arguments: {} })],
  ])('fails closed when a hook %s', async (_, run) => {
    const hook = during('broken', run, { timeoutMs: 20 });
    const refusal = await refusalOf(runner.runDuring([hook], call(), async () => 'no'));
    expect(refusal).toMatchObject({ code: 'guardrail_unavailable', guardrail: 'broken', sent: 'no' });
    expect(refusal.publicMessage).not.toContain('hunter2');
  });

  it('does not end the call for a hook that fails open', async () => {
    const subject = call();
    const hook = during('monitor', () => Promise.reject(new Error('down')), { failOpen: true });
    await runner.runDuring([hook], subject, () => {
      throw new Error('cancelled');
    });
    expect(subject.hookSteps).toEqual([{ name: 'monitor', phase: 'during', outcome: 'failed_open' }]);
  });
});

describe('post hooks', () => {
  it('keeps no tie to a result that a hook returned, even a frozen one', async () => {
    const content = [{ type: 'text', text: 'approved' }];
    const hook = post('late', () => Object.freeze({ content }));
    const decided = await runner.runPost([hook], call(), result, []);
    content.push({ type: 'text', text: 'slipped in' });
    expect(decided).toEqual({ kind: 'result', result: { content: [{ type: 'text', text: 'approved' }] } });
  });

  it('replaces a result, seen by the next hook', async () => {
    const masked = { content: [{ type: 'text', text: 'secret **' }] };
    const seen: unknown[] = [];
    const hooks = [post('mask', () => masked), post('look', (_, shown) => void seen.push(shown))];
    expect(await runner.runPost(hooks, call(), result, [])).toEqual({ kind: 'result', result: masked });
    expect(seen).toEqual([masked]);
  });

  it('withholds a result that was already produced', async () => {
    const hook = post('leak', () => {
      throw new GuardrailViolation('the result holds a secret');
    });
    const refusal = await refusalOf(runner.runPost([hook], call(), result, []));
    expect(refusal).toMatchObject({ code: 'guardrail_denied', sent: 'yes' });
  });

  it('sees the text of an upstream error too', async () => {
    const shown: JsonObject[] = [];
    const error: HookedReply = { kind: 'error', error: { code: -32000, message: 'card 4111', data: { card: '4111' } } };
    const look = post('look', (_, seen) => void shown.push(seen));
    expect(await runner.runPost([look], call(), error, [])).toBe(error);
    expect(shown[0]).toMatchObject({ isError: true, content: [{ text: 'card 4111' }] });
    expect(JSON.stringify(shown[0])).toContain('"data":{"card":"4111"}');
  });

  it('refuses a replacement that is no tool result', async () => {
    const refusal = await refusalOf(runner.runPost([post('odd', () => ({ text: 'x' }))], call(), result, []));
    expect(refusal).toMatchObject({ code: 'guardrail_unavailable', sent: 'yes' });
  });
});

describe('registration', () => {
  it.each([
    [{ name: '' }, {}, /name must match/],
    [{ name: 'empty' }, {}, /never run/],
    [{ name: 'late', timeoutMs: 0 }, { preMcpCall: (): void => {} }, /timeoutMs/],
    [{ name: 'order', order: Number.NaN }, { preMcpCall: (): void => {} }, /order/],
  ])('refuses %j', (options, instance, message) => {
    expect(() => registerHook(options, instance)).toThrow(message);
  });
});
