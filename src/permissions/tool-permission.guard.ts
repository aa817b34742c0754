import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { GatehouseError } from '../common/gatehouse-error.js';
import { isAuthorizableCall } from './authorizable-call.js';
import { authorizeCall, unknownTool } from './authorized-call.js';

/**
 * Authorises a tool call under the grant of its caller. Bound to the handler of tool calls, in a context of type
 * `mcp`; anywhere else, and for a call without a complete state, it refuses.
 */
@Injectable()
export class ToolPermissionGuard implements CanActivate {
  /**
   * @throws GatehouseError `unknown_tool` when the tool is not granted, `invalid_arguments` when a rule forbids the
   *   arguments.
   */
  canActivate(context: ExecutionContext): boolean {
    const call: unknown = context.getArgByIndex(0);
    if (context.getType<string>() !== 'mcp' || !isAuthorizableCall(call)) throw misplaced(context);
    const { principal, target } = call;
    // A refusal must not leave an earlier permission behind.
    call.authorized = null;
    // Refused under the caller's own spelling: the upstream's would tell that the tool exists.
    if (!target.access.allowsTool(target.tool.name)) throw unknownTool(call.publicName);
    if (call.overridden !== undefined && call.overridden.length > 0) throw overriding(call.overridden);
    call.authorized = authorizeCall(target.access, { principal, tool: target.tool, arguments: call.arguments });
    return true;
  }
}

function overriding(names: readonly string[]): GatehouseError {
  const message = `These arguments are fixed by the toolset; leave them out: ${names.join(', ')}`;
  return new GatehouseError('invalid_arguments', message, { sent: 'no' });
}

function misplaced(context: ExecutionContext): GatehouseError {
  return new GatehouseError('internal_error', 'The call could not be authorised', {
    detail: `the permission guard was reached without a tool call (context type ${context.getType<string>()})`,
    sent: 'no',
  });
}
