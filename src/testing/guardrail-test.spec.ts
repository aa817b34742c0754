import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Logger, Module, type Type } from '@nestjs/common';
import { ApprovalRequired } from '../hooks/approval-required.js';
import { MCP_CALL_GUARDS, MCP_CALL_INTERCEPTORS } from '../hooks/call-extensions.js';
import { GuardrailViolation } from '../hooks/guardrail-violation.js';
import type { PreCallChange, ToolCallResult, ToolCallView, ToolListChange, ToolListView } from '../hooks/hook.types.js';
import { McpHook, type McpHookOptions } from '../hooks/mcp-hook.decorator.js';
import { GuardrailTest, tryCall, tryList, type Guardrail } from '../testing.js';

function hook(methods: object, options: Partial<McpHookOptions> = {}): Guardrail {
  class Made {}
  Object.assign(Made.prototype, methods);
  return McpHook({ name: 'made', ...options })(Made);
}

// The kit lets failures of hooks be logged; here they are what is tested.
afterEach(() => Logger.overrideLogger(false));

describe('tryCall', () => {
  it('tells a call that passes', async () => {
    const tried = await tryCall(hook({ preMcpCall: () => undefined }), { tool: 'read', arguments: { path: '/a' } });
    expect(tried).toEqual({
      ...{ outcome: 'pass', code: null, message: null, guardrail: null, error: null, sent: 'yes' },
      ...{ arguments: { path: '/a' }, headers: {}, messages: [] },
      result: { content: [{ type: 'text', text: 'ok' }] },
      steps: [{ name: 'made', phase: 'pre', outcome: 'pass' }],
    });
  });

  it('tells a call that is blocked, and does not send it', async () => {
    let sent = 0;
    const deny = hook({
      preMcpCall: ({ tool }: ToolCallView) => {
        throw new GuardrailViolation(`${tool} is not allowed`, { details: { rule: 1 } });
      },
    });
    const tried = await tryCall(deny, { tool: 'drop', result: () => ({ content: [], sent: ++sent }) });
    expect(sent).toBe(0);
    expect(tried).toMatchObject({
      ...{
        outcome: 'blocked',
        code: 'guardrail_denied',
        message: 'drop is not allowed',
        guardrail: 'made',
        sent: 'no',
      },
      ...{ result: null, error: expect.any(GuardrailViolation) },
      steps: [{ name: 'made', phase: 'pre', outcome: 'blocked', details: { rule: 1 } }],
    });
  });

  it('shows what hooks see, and sends what they make of it', async () => {
    let seen: ToolCallView | undefined;
    const change = hook({
      preMcpCall: (call: ToolCallView): PreCallChange => {
        seen = call;
        return { arguments: { ...call.arguments, limit: 1 }, headers: { 'X-Tenant': 'acme' } };
      },
    });
    const recorded = {
      ...{
        tool: 'read',
        server: { id: 's1', name: 'files', alias: 'f' },
        arguments: { path: '/a' },
        origin: 'rest' as const,
      },
      principal: { userId: 'ann', teamId: 'blue', agentId: 'bot', roles: ['proxy_admin'], jwtClaims: { sub: 'ann' } },
      headers: { 'X-Trace': '1', Authorization: 'Bearer sk-1' },
    };
    const tried = await tryCall(change, { ...recorded, result: (sent: object) => ({ content: [], sent }) });
    expect(seen).toMatchObject({
      ...{ tool: 'read', publicName: 'f-read', server: recorded.server, origin: 'rest', headers: { 'x-trace': '1' } },
      principal: { ...recorded.principal, keyHash: null },
    });
    const sent = { arguments: { path: '/a', limit: 1 }, headers: { 'x-tenant': 'acme' } };
    expect(tried).toMatchObject({ outcome: 'pass', ...sent, result: { sent: { ...sent, tool: 'read' } } });
    expect(recorded.arguments).toEqual({ path: '/a' });
  });

  it.each([
    ['changes the frozen call', (call: ToolCallView) => void Object.assign(call.arguments, { limit: 1 })],
    ['throws', () => Promise.reject(new TypeError('broken'))],
    ['answers wrongly', () => ({ argument: {} })],
    ['sets a reserved header', () => ({ headers: { host: 'x' } })],
    ['takes too long', () => new Promise(() => undefined)],
  ])('fails closed when a hook %s, and shows the error', async (_what, preMcpCall) => {
    const tried = await tryCall(hook({ preMcpCall }, { timeoutMs: 20 }), { tool: 'read' });
    expect(tried).toMatchObject({ outcome: 'failed', code: 'guardrail_unavailable', sent: 'no', result: null });
    expect(tried.error).toBeInstanceOf(Error);
    expect(tried.error).not.toHaveProperty('code');
  });

  it('lets a call pass when a hook that says failOpen fails', async () => {
    const open = hook({ preMcpCall: () => Promise.reject(new Error('broken')) }, { failOpen: true });
    expect(await tryCall(open, { tool: 'read' })).toMatchObject({
      outcome: 'pass',
      steps: [{ outcome: 'failed_open' }],
    });
  });

  it('checks changed arguments against the schema of the tool, and only those', async () => {
    const inputSchema = { type: 'object', properties: { limit: { type: 'number' } } };
    const change = hook({ preMcpCall: () => ({ arguments: { limit: 'many' } }) });
    const tried = await tryCall(change, { tool: 'read', inputSchema });
    expect(tried).toMatchObject({ outcome: 'failed', code: 'invalid_arguments', sent: 'no' });
    const idle = hook({ preMcpCall: () => undefined });
    expect(await tryCall(idle, { tool: 'read', inputSchema, arguments: { limit: 'many' } })).toMatchObject({
      outcome: 'pass',
    });
  });

  it('refuses headers where an upstream cannot carry them', async () => {
    const change = hook({ preMcpCall: () => ({ headers: { 'x-tenant': 'acme' } }) });
    expect(await tryCall(change, { tool: 'read', transport: 'stdio' })).toMatchObject({
      ...{ outcome: 'failed', code: 'hook_headers_unsupported', sent: 'no' },
    });
  });

  it('tells that a person has to decide, unless another hook blocks', async () => {
    const ask = hook({ preMcpCall: () => Promise.reject(new ApprovalRequired('ask a person')) }, { name: 'asking' });
    const tried = await tryCall(ask, { tool: 'read' });
    expect(tried).toMatchObject({
      ...{ outcome: 'asked', code: 'approval_required', message: 'ask a person', guardrail: 'asking', sent: 'no' },
      steps: [{ name: 'asking', outcome: 'asked' }],
    });
    const deny = hook({ preMcpCall: () => Promise.reject(new GuardrailViolation('no')) });
    expect(await tryCall([ask, deny], { tool: 'read' })).toMatchObject({ outcome: 'blocked', message: 'no' });
  });

  it('withholds the result and the messages when a hook beside the call refuses', async () => {
    const refuse = hook({
      duringMcpCall: () => Promise.reject(new GuardrailViolation('no')),
    });
    const messages = [{ method: 'notifications/progress', params: { progress: 1 } }];
    expect(await tryCall(refuse, { tool: 'read', messages })).toMatchObject({
      ...{ outcome: 'blocked', sent: 'yes', result: null, messages: [] },
    });
  });

  it('shows results, errors and messages to hooks after the call, and returns what they make of them', async () => {
    const seen: unknown[] = [];
    const post = hook({
      postMcpCall: (_call: ToolCallView, result: ToolCallResult, messages: unknown) => {
        seen.push(messages);
        return result['isError'] === true ? undefined : { content: [], replaced: true };
      },
    });
    const messages = [{ method: 'notifications/message', params: { level: 'info', data: 'x' } }];
    expect(await tryCall(post, { tool: 'read', messages })).toMatchObject({ result: { replaced: true }, messages: [] });
    const failed = await tryCall(post, {
      tool: 'read',
      messages,
      error: { code: -32000, message: 'upstream says no' },
    });
    expect(failed).toMatchObject({ outcome: 'pass', result: { isError: true }, messages });
    expect(seen).toEqual([messages, messages]);
  });

  it('runs hooks that are off by default, guards, interceptors and whole modules', async () => {
    @Injectable()
    class Limits {
      readonly longest = 3;
    }
    @McpHook({ name: 'short', defaultOn: false })
    class Short {
      constructor(private readonly limits: Limits) {}
      preMcpCall({ arguments: { text } }: ToolCallView): void {
        if (String(text).length > this.limits.longest) throw new GuardrailViolation('too long');
      }
    }
    @Module({
      providers: [Limits, Short, { provide: MCP_CALL_GUARDS, useValue: { canActivate: () => true } }],
    })
    class ShortModule {}
    const interceptors = {
      provide: MCP_CALL_INTERCEPTORS,
      useValue: { intercept: (_: unknown, next: { handle(): unknown }) => next.handle() },
    };
    const test = await GuardrailTest.load(ShortModule, interceptors);
    const short = await test.call({ tool: 'say', arguments: { text: 'abc' } });
    const long = await test.call({ tool: 'say', arguments: { text: 'abcd' } });
    await test.close();
    expect(short).toMatchObject({ outcome: 'pass', steps: [{ phase: 'guard' }, { name: 'short', outcome: 'pass' }] });
    expect(long).toMatchObject({ outcome: 'blocked', message: 'too long' });
  });

  it('refuses what the gateway would refuse to start with', async () => {
    await expect(tryCall(class NoHook {}, { tool: 'x' })).rejects.toThrow('guardrail 1 must be one of these');
    await expect(tryCall(hook({}), { tool: 'x' })).rejects.toThrow('none of the methods of a hook');
    const twice = [hook({ preMcpCall: () => undefined }), hook({ preMcpCall: () => undefined })];
    await expect(tryCall(twice, { tool: 'x' })).rejects.toThrow('names must be unique');
  });

  it.each<[string, (inherited: Type<object>) => Guardrail]>([
    ['as a class', (inherited) => inherited],
    ['as a value', (inherited) => ({ provide: 'strict', useValue: new inherited() })],
    ['in a module', (inherited) => ({ module: class StrictModule {}, providers: [inherited] })],
    [
      'by a factory',
      (inherited) => ({
        module: class StrictModule {},
        providers: [{ provide: 'strict', useFactory: () => new inherited() }],
      }),
    ],
  ])('refuses a class that only inherits its @McpHook, given %s, as it would never run', async (_, given) => {
    class Loose {
      preMcpCall(): void {
        throw new GuardrailViolation('no');
      }
    }
    class Strict extends McpHook({ name: 'loose' })(Loose) {}
    await expect(tryCall(given(Strict), { tool: 'x' })).rejects.toThrow('Strict inherits @McpHook "loose"');
    expect(await tryCall(McpHook({ name: 'strict' })(Strict), { tool: 'x' })).toMatchObject({ outcome: 'blocked' });
  });

  it.each<[string, (made: Type<object>) => unknown]>([
    ['a factory', (made) => new made()],
    ['an asynchronous factory', (made) => Promise.resolve(new made())],
  ])('runs a hook that %s makes', async (_, make) => {
    const made = hook({ preMcpCall: () => Promise.reject(new GuardrailViolation('no')) }) as Type<object>;
    const providers = [{ provide: 'made', useFactory: () => make(made) }];
    expect(await tryCall({ module: class MadeModule {}, providers }, { tool: 'x' })).toMatchObject({
      outcome: 'blocked',
    });
  });

  it('refuses modules in which there is nothing to run', async () => {
    @Injectable()
    class Forgotten {
      preMcpCall(): void {}
    }
    const refused = tryCall({ module: class ForgottenModule {}, providers: [Forgotten] }, { tool: 'x' });
    await expect(refused).rejects.toThrow('no guardrail was found');
    await expect(tryCall([], { tool: 'x' })).rejects.toThrow('no guardrail was found');
  });
});

describe('tryList', () => {
  const tools = [{ tool: 'read' }, { tool: 'admin_drop', description: 'Drops' }];

  it('tells what the caller is shown', async () => {
    const hide = hook({
      onMcpList: ({ tools: all }: ToolListView): ToolListChange => ({
        tools: all.filter(({ tool }) => !tool.startsWith('admin_')).map((tool) => ({ ...tool, title: 'Shown' })),
      }),
    });
    expect(await tryList(hide, { tools })).toMatchObject({
      outcome: 'pass',
      tools: [{ tool: 'read', publicName: 'server-read', title: 'Shown', inputSchema: { type: 'object' } }],
    });
  });

  it('fails closed when a tool is renamed', async () => {
    const rename = hook({
      onMcpList: ({ tools: all }: ToolListView) => ({ tools: all.map((tool) => ({ ...tool, publicName: 'x' })) }),
    });
    expect(await tryList(rename, { tools })).toMatchObject({
      ...{ outcome: 'failed', code: 'guardrail_unavailable', tools: null, error: expect.any(Error) },
    });
  });
});
