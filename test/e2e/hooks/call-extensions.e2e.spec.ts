import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, Module, type CallHandler, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { catchError, concat, defer, map, mergeMap, NEVER, of, retry, timeout, timer, type Observable } from 'rxjs';
import {
  GuardrailViolation,
  MCP_CALL_GUARDS,
  MCP_CALL_INTERCEPTORS,
  McpExecutionContext,
  McpHook,
  type McpCallInterceptor,
  type PostMcpCall,
  type ToolCallResult,
  type ToolCallView,
} from '../../../src/index.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { callTool } from './clients.js';

type Results = CallHandler<ToolCallResult>;

/** What the guard and the interceptor do, chosen by the test. */
let guard: (context: McpExecutionContext) => unknown = () => true;
let intercept: (context: McpExecutionContext, next: Results) => Observable<unknown> = (_, next) => next.handle();
let guarded = 0;
const seenAfter: ToolCallResult[] = [];

class OfficeHours implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    guarded++;
    return guard(McpExecutionContext.create(context)) as boolean;
  }
}

class Cache implements McpCallInterceptor {
  intercept(context: ExecutionContext, next: Results): Observable<ToolCallResult> {
    return intercept(McpExecutionContext.create(context), next) as Observable<ToolCallResult>;
  }
}

/** Catches whatever those inside of it throw. */
class Swallower implements McpCallInterceptor {
  intercept(_context: ExecutionContext, next: Results): Observable<ToolCallResult> {
    return next.handle().pipe(catchError(() => of(text('swallowed'))));
  }
}

@McpHook({ name: 'after' })
class After implements PostMcpCall {
  postMcpCall(_call: ToolCallView, result: Readonly<ToolCallResult>): void {
    seenAfter.push(result);
  }
}

const text = (value: string): ToolCallResult => ({ content: [{ type: 'text', text: value }] });
const [backend] = availableBackends();

describe('guards and interceptors of authors', () => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;

  beforeAll(async () => {
    if (backend === undefined) throw new Error('there is no backend');
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    const hooks = [
      After,
      { provide: MCP_CALL_GUARDS, useClass: OfficeHours },
      { provide: MCP_CALL_INTERCEPTORS, useFactory: () => [new Swallower(), new Cache()] },
    ];
    gateway = await startTestGateway(backend, { hooks });
    await registerServer(gateway, { alias: 'up', transport: 'http', url: upstream.url });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    guard = () => true;
    intercept = (_, next) => next.handle();
    guarded = 0;
    seenAfter.length = 0;
    upstream.requests.clear();
    upstream.cancelledCalls.length = 0;
    upstream.hold();
  });

  async function call(tool: string, args: Record<string, unknown> = { text: 'hello' }, key = gateway.masterKey) {
    const url = `${gateway.url}/up/mcp`;
    const { answer, requestId } = await callTool({ client: '2026', url, key, tool, arguments: args });
    const { result, text: body } = await answer;
    const [record] = await gateway.sql<Record<string, unknown>>(
      'SELECT outcome, code, sent, guardrails FROM audit_records WHERE request_id = $1',
      [requestId],
    );
    return { result, body, record };
  }

  const failure = (code: string, sent: string, guardrail: string) => ({
    _meta: { 'gatehouse/error': { code, sent, guardrail } },
  });

  it('tells a guard what is called by whom, and nothing that it could change', async () => {
    const key = await makeKey(gateway, { mcp_servers: ['up'] }, { key_alias: 'reader' });
    const seen: unknown[] = [];
    guard = (context) => {
      seen.push(context.getType(), context.getTool(), context.getServer().alias, context.getArguments());
      seen.push(context.getPrincipal().keyAlias, context.getCall().publicName, context.getArgs().length);
      expect(() => Object.assign(context.getArguments(), { text: 'other' })).toThrow(TypeError);
      return true;
    };
    const { result } = await call('echo', { text: 'hello' }, key);
    expect(seen).toEqual(['mcp', 'echo', 'up', { text: 'hello' }, 'reader', 'echo', 1]);
    expect(result).toMatchObject(text('hello'));
  });

  it('does not ask a guard about a call that is not granted', async () => {
    const key = await makeKey(gateway, { mcp_tool_permissions: { up: ['add'] } });
    const { record } = await call('echo', {}, key);
    expect(record).toMatchObject({ outcome: 'refused', code: 'unknown_tool' });
    expect(guarded).toBe(0);
  });

  it.each<[string, () => unknown, string, string]>([
    ['answers false', () => false, 'guardrail_denied', 'The call is not allowed'],
    ['answers false later', () => of(false), 'guardrail_denied', 'The call is not allowed'],
    [
      'throws a violation',
      () => {
        throw new GuardrailViolation('closed');
      },
      'guardrail_denied',
      'closed',
    ],
    ['throws an HttpException', () => Promise.reject(new ForbiddenException('shut')), 'guardrail_denied', 'shut'],
    ['fails', () => Promise.reject(new Error('hunter2')), 'guardrail_unavailable', 'could not decide'],
    ['answers text', () => 'yes', 'guardrail_unavailable', 'could not decide'],
    ['answers nothing', () => undefined, 'guardrail_unavailable', 'could not decide'],
  ])('sends nothing when a guard %s', async (_, run, code, words) => {
    guard = run;
    const { result, body, record } = await call('echo');
    expect(upstream.callCount).toBe(0);
    expect(result).toMatchObject(failure(code, 'no', 'OfficeHours'));
    expect(body).toContain(words);
    expect(body).not.toContain('hunter2');
    const blocked = code === 'guardrail_denied';
    expect(record).toMatchObject({
      ...{ outcome: blocked ? 'blocked' : 'failed', code, sent: 'no' },
      guardrails: [{ name: 'OfficeHours', phase: 'guard', outcome: blocked ? 'blocked' : 'failed' }],
    });
  });

  it('shows what an interceptor made of a result to the post hooks', async () => {
    intercept = (_, next) => next.handle().pipe(map((result) => ({ ...result, ...text('replaced') })));
    const { result } = await call('echo');
    expect(result).toMatchObject(text('replaced'));
    expect(seenAfter).toMatchObject([text('replaced')]);
  });

  it('sends a call once, however often an interceptor asks', async () => {
    intercept = (_, next) =>
      next.handle().pipe(
        mergeMap(() => next.handle()),
        mergeMap((result) => concat(of(result), next.handle())),
      );
    expect((await call('echo')).result).toMatchObject(text('hello'));
    expect(upstream.callCount).toBe(1);
    intercept = (_, next) => next.handle().pipe(retry(3));
    await call('crash');
    expect(upstream.callCount).toBe(2);
  });

  it('says honestly that nothing was sent when an interceptor answers by itself', async () => {
    intercept = () => of(text('from the cache'));
    const { result, record } = await call('echo');
    expect(upstream.callCount).toBe(0);
    expect(result).toMatchObject(text('from the cache'));
    expect(seenAfter).toHaveLength(1);
    expect(record).toMatchObject({ outcome: 'ok', sent: 'no' });
  });

  it('does not let an interceptor turn a failed call into a result', async () => {
    const { result } = await call('crash');
    expect(upstream.callCount).toBe(1);
    expect(result).toMatchObject({ isError: true, _meta: { 'gatehouse/error': { code: 'upstream_unavailable' } } });
  });

  it.each<[string, (context: McpExecutionContext, next: Results) => Observable<unknown>, string, string]>([
    [
      'throws at once',
      () => {
        throw new Error('hunter2');
      },
      'guardrail_unavailable',
      'no',
    ],
    ['refuses at once', () => defer(() => Promise.reject(new GuardrailViolation('no'))), 'guardrail_denied', 'no'],
    [
      'throws after the call',
      (_, next) => next.handle().pipe(mergeMap(() => Promise.reject(new Error('hunter2')))),
      'guardrail_unavailable',
      'yes',
    ],
    ['answers no result', (_, next) => next.handle().pipe(map(() => 'done')), 'guardrail_unavailable', 'yes'],
    [
      'changes the arguments',
      (context, next) => {
        Object.assign(context.getArguments(), { text: 'other' });
        return next.handle();
      },
      'guardrail_unavailable',
      'no',
    ],
  ])('withholds the result when an interceptor %s', async (_, run, code, sent) => {
    intercept = run;
    const { result, body, record } = await call('echo');
    expect(upstream.callCount).toBe(sent === 'yes' ? 1 : 0);
    expect(result).toMatchObject({ isError: true, _meta: { 'gatehouse/error': { code, sent } } });
    expect(body).not.toMatch(/hunter2|swallowed|hello/);
    expect(record).toMatchObject({ code, sent });
  });

  it.each<[string, (context: McpExecutionContext, next: Results) => Observable<unknown>, string]>([
    ['before the call', () => NEVER, 'no'],
    ['and then asks for the call', (_, next) => timer(5_300).pipe(mergeMap(() => next.handle())), 'no'],
    ['after the call', (_, next) => next.handle().pipe(mergeMap(() => NEVER)), 'yes'],
  ])(
    'refuses the call when an interceptor takes longer than five seconds %s',
    async (_, run, sent) => {
      intercept = run;
      const { result, record } = await call('echo');
      expect(result).toMatchObject(failure('guardrail_unavailable', sent, 'Cache'));
      expect(record).toMatchObject({
        sent,
        guardrails: expect.arrayContaining([{ name: 'Cache', phase: 'interceptor', outcome: 'failed' }]),
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(upstream.callCount).toBe(sent === 'yes' ? 1 : 0);
    },
    20_000,
  );

  it('does not count the time of the upstream as that of interceptors', async () => {
    intercept = (_, next) => timer(3000).pipe(mergeMap(() => next.handle()));
    const running = call('slow');
    await new Promise((resolve) => setTimeout(resolve, 6000));
    upstream.release();
    expect((await running).result).toMatchObject({ content: expect.any(Array) });
    expect((await running).record).toMatchObject({ outcome: 'ok' });
  }, 20_000);

  it('ends the call at the upstream when an interceptor gives up', async () => {
    intercept = (_, next) => next.handle().pipe(timeout(100));
    const [{ result }] = await Promise.all([call('slow'), upstream.cancellation()]);
    expect(result).toMatchObject(failure('guardrail_unavailable', 'yes', 'Cache'));
  });
});

describe('a start', () => {
  @Module({
    providers: [
      { provide: MCP_CALL_GUARDS, useClass: OfficeHours },
      { provide: MCP_CALL_GUARDS, useValue: { canActivate: () => true } },
    ],
  })
  class TwoUnderOneToken {}

  @Module({ providers: [{ provide: MCP_CALL_GUARDS, useValue: 'a guard' }] })
  class NoGuard {}

  it.each([
    [TwoUnderOneToken, /TwoUnderOneToken provides MCP_CALL_GUARDS twice/],
    [NoGuard, /MCP_CALL_GUARDS: a provider is neither one nor a list/],
  ])('is refused when a guard would not run: %p', async (module, message) => {
    if (backend === undefined) throw new Error('there is no backend');
    await expect(startTestGateway(backend, { modules: [module] })).rejects.toThrow(message);
  });
});
