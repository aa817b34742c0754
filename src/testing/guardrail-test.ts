import type { DynamicModule, INestApplicationContext, Provider, Type } from '@nestjs/common';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import type { ErrorCode } from '../common/error-codes.js';
import { GatehouseError, type Sent } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import { CallExtensions } from '../hooks/call-extensions.js';
import { guardrailModuleOf } from '../hooks/guardrail-modules.js';
import { HookRegistry } from '../hooks/hook-registry.js';
import type { HookedReply, HookStep } from '../hooks/hooked-call.js';
import { HooksModule } from '../hooks/hooks.module.js';
import { ListHooks } from '../hooks/list-hooks.js';
import type { ListedToolView, ToolCallResult, UpstreamMessage } from '../hooks/hook.types.js';
import { resultToShow } from '../hooks/result-to-show.js';
import { ArgumentSchemas } from '../permissions/argument-schema.js';
import { jsonOf, principalOf, serverOf, type MadeUpCall, type MadeUpList } from './made-up-call.js';
import { TriedCallHandler } from './tried-call.handler.js';
import { TriedState } from './tried-state.js';

/** What a guardrail module may export: a class with `@McpHook`, a provider of guardrails, or a Nest module. */
export type Guardrail = Type<unknown> | DynamicModule | Provider;

/** How a decision ended. `error` is what was really thrown, which callers never see. */
export interface Verdict {
  /**
   * `blocked`: a guardrail said no. `asked`: one wants a person to decide. `failed`: something went wrong, and the call
   * was blocked for that.
   */
  readonly outcome: 'pass' | 'blocked' | 'asked' | 'failed';
  readonly code: ErrorCode | null;
  /** What the caller is told. */
  readonly message: string | null;
  /** Which one decided. */
  readonly guardrail: string | null;
  readonly error: unknown;
}

/** What became of a made-up call. */
export interface TriedCall extends Verdict {
  /** Would the upstream have got it? */
  readonly sent: Sent;
  /** As the last hook left them. */
  readonly arguments: Readonly<JsonObject>;
  /** What the hooks added to the upstream request. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the caller gets; null when the call did not pass. */
  readonly result: Readonly<ToolCallResult> | null;
  /** Progress and log notifications that reach the caller. */
  readonly messages: readonly UpstreamMessage[];
  /** Every guardrail that ran, in order, as in the audit record. */
  readonly steps: readonly HookStep[];
}

/** What became of a made-up list. */
export interface TriedList extends Verdict {
  /** What the caller is shown; null when there is no list. */
  readonly tools: readonly ListedToolView[] | null;
}

const PASSED: Verdict = { outcome: 'pass', code: null, message: null, guardrail: null, error: null };

/**
 * Guardrails that are loaded as the gateway loads them, without a gateway, a database or an upstream. Every call runs
 * through the runner of the gateway: frozen views, time limits, fail closed, changed arguments against the schema.
 */
export class GuardrailTest {
  private readonly run: (state: TriedState) => Promise<HookedReply>;

  private constructor(private readonly context: INestApplicationContext) {
    const handler = context.get(TriedCallHandler);
    this.run = context
      .get(ExternalContextCreator)
      .create(
        handler,
        handler.handle as (...args: unknown[]) => unknown,
        'handle',
        undefined,
        undefined,
        undefined,
        undefined,
        { guards: true, interceptors: true, filters: false },
        'mcp',
      ) as GuardrailTest['run'];
  }

  /**
   * Loads guardrails. Close them when the tests are over.
   * @throws Error when the gateway would refuse to start with them, and when there is none in them
   */
  static async load(...guardrails: readonly Guardrail[]): Promise<GuardrailTest> {
    const modules = guardrails.map((entry, index) =>
      guardrailModuleOf(entry, `guardrail ${index + 1} must be one of these`),
    );
    const room: DynamicModule = {
      module: GuardrailTestModule,
      imports: [HooksModule, ...modules],
      providers: [TriedCallHandler, ArgumentSchemas],
    };
    const context = await NestFactory.createApplicationContext(room, {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    if (!hasGuardrails(context)) {
      await context.close();
      throw new Error(
        'no guardrail was found: nothing here has @McpHook, or is one of MCP_CALL_GUARDS or _INTERCEPTORS',
      );
    }
    return new GuardrailTest(context);
  }

  /** Runs a call through every phase. Never rejects for what a guardrail did. */
  async call(call: MadeUpCall): Promise<TriedCall> {
    const state = new TriedState(call, this.names());
    let verdict = PASSED;
    let result: ToolCallResult | null = null;
    let sent: Sent | undefined;
    try {
      result = resultToShow(await this.run(state));
    } catch (thrown) {
      verdict = verdictOf(thrown);
      sent = thrown instanceof GatehouseError ? thrown.sent : undefined;
    }
    return {
      ...verdict,
      sent: sent ?? (state.dispatched ? 'yes' : 'no'),
      arguments: state.arguments,
      headers: state.hookHeaders ?? {},
      result,
      messages: state.delivered,
      steps: state.hookSteps,
    };
  }

  /** Shows a list of tools to the hooks on lists. Never rejects for what a guardrail did. */
  async list({ tools, principal, origin = 'mcp' }: MadeUpList): Promise<TriedList> {
    const guardrails = this.names();
    const rows = tools.map((made) => {
      const server = serverOf(made.server);
      const { tool: name, title = null, description = null, inputSchema = { type: 'object' } } = made;
      const publicName = made.publicName ?? `${server.alias ?? server.name ?? server.id}-${name}`;
      const tool = { name, title, description, inputSchema: jsonOf(inputSchema) };
      return { publicName, server: { ...server, guardrails }, tool };
    });
    try {
      const decided = await this.context.get(ListHooks).apply(rows, { principal: principalOf(principal), origin });
      const shown = decided.map(({ row: { publicName, server, tool }, described }): ListedToolView => {
        const { id, name, alias } = server;
        const { title, description, inputSchema } = tool;
        return {
          publicName,
          server: { id, name, alias },
          tool: tool.name,
          title,
          description,
          inputSchema,
          ...described,
        };
      });
      return { ...PASSED, tools: shown };
    } catch (thrown) {
      return { ...verdictOf(thrown), tools: null };
    }
  }

  /** Runs the life-cycle methods that end the guardrails. */
  close(): Promise<void> {
    return this.context.close();
  }

  /** Of all hooks: those that are off by default are to be tried as well. */
  private names(): string[] {
    return this.context
      .get(HookRegistry)
      .all()
      .map(({ name }) => name);
  }
}

/** Stands for the application of the gateway. */
class GuardrailTestModule {}

function hasGuardrails(context: INestApplicationContext): boolean {
  const { guards, interceptors } = context.get(CallExtensions);
  return context.get(HookRegistry).all().length + guards.length + interceptors.length > 0;
}

const OUTCOMES: Partial<Record<ErrorCode, Verdict['outcome']>> = {
  guardrail_denied: 'blocked',
  approval_required: 'asked',
};

function verdictOf(thrown: unknown): Verdict {
  if (!(thrown instanceof GatehouseError)) {
    return { outcome: 'failed', code: 'internal_error', message: null, guardrail: null, error: thrown };
  }
  const { code, publicMessage, guardrail = null, cause } = thrown;
  return { outcome: OUTCOMES[code] ?? 'failed', code, message: publicMessage, guardrail, error: cause ?? thrown };
}
