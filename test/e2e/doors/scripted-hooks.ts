import type { CallHandler, CanActivate, ExecutionContext, Provider } from '@nestjs/common';
import { mergeMap, type Observable } from 'rxjs';
import {
  GuardrailViolation,
  MCP_CALL_GUARDS,
  MCP_CALL_INTERCEPTORS,
  McpExecutionContext,
  McpHook,
  type DuringMcpCall,
  type McpCallInterceptor,
  type OnMcpList,
  type PostMcpCall,
  type PreCallChange,
  type PreMcpCall,
  type ToolCallResult,
  type ToolCallView,
  type ToolListChange,
  type ToolListView,
} from '../../../src/index.js';

/** What nobody may read in an answer. */
const SECRET = 'connection to postgres://user:hunter2@db failed';

/** Each phase does what the argument of its name says. */
@McpHook({ name: 'scripted', timeoutMs: 200 })
class ScriptedHook implements PreMcpCall, DuringMcpCall, PostMcpCall {
  preMcpCall(call: ToolCallView): PreCallChange | Promise<PreCallChange> | void {
    switch (call.arguments.hook) {
      case 'blocks':
        throw new GuardrailViolation('deleting is not allowed');
      case 'throws':
        throw new Error(SECRET);
      case 'hangs':
        return new Promise(() => undefined);
      case 'changes':
        return { arguments: { text: 'changed by the hook' }, headers: { 'x-approved-by': 'scripted' } };
      default:
        return undefined;
    }
  }

  duringMcpCall(call: ToolCallView): void | Promise<void> {
    if (call.arguments.during === 'blocks') throw new GuardrailViolation('found beside the call');
    if (call.arguments.during === 'throws') throw new Error(SECRET);
    if (call.arguments.during === 'hangs') return new Promise(() => undefined);
  }

  postMcpCall(call: ToolCallView): void {
    if (call.arguments.post === 'blocks') throw new GuardrailViolation('found in the result');
  }
}

/** Hides a tool and, as hiding is not forbidding, refuses it as well. */
@McpHook({ name: 'no-sums' })
class NoSums implements PreMcpCall, OnMcpList {
  onMcpList({ tools }: ToolListView): ToolListChange {
    return { tools: tools.filter(({ tool }) => tool !== 'add') };
  }

  preMcpCall(call: ToolCallView): void {
    if (call.tool === 'add') throw new GuardrailViolation('no sums');
  }
}

class ScriptedGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { guard } = McpExecutionContext.create(context).getArguments();
    if (guard === 'throws') throw new Error(SECRET);
    return guard !== 'refuses';
  }
}

class ScriptedInterceptor implements McpCallInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<ToolCallResult>): Observable<ToolCallResult> {
    const { interceptor } = McpExecutionContext.create(context).getArguments();
    if (interceptor === 'throws') throw new Error(SECRET);
    if (interceptor !== 'throws after') return next.handle();
    return next.handle().pipe(mergeMap(() => Promise.reject(new Error(SECRET))));
  }
}

/** A hook of every phase, a guard and an interceptor. */
export const SCRIPTED_HOOKS: readonly Provider[] = [
  ScriptedHook,
  NoSums,
  { provide: MCP_CALL_GUARDS, useClass: ScriptedGuard },
  { provide: MCP_CALL_INTERCEPTORS, useClass: ScriptedInterceptor },
];
