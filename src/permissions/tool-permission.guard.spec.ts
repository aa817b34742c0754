import { describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  level,
  mcpServer,
  policyWorld,
  principalWith,
  requestFor,
  snapshotOf,
} from '../../test/permissions/policy-fixtures.js';
import type { JsonObject } from '../common/json.js';
import type { ServerAccess } from './access-decision.js';
import type { AuthorizableCall } from './authorizable-call.js';
import { authorizeCall, AuthorizedCall, reauthorizeCall } from './authorized-call.js';
import { decide } from './evaluator.js';
import { ToolPermissionGuard } from './tool-permission.guard.js';

const alpha = mcpServer({ id: 'id-alpha', alias: 'alpha', allowedParams: { read: ['path'] } });
const principal = principalWith([level('key', { mcp_tool_permissions: { 'id-alpha': ['read', 'list'] } })]);
const guard = new ToolPermissionGuard();

function accessToAlpha(): ServerAccess {
  const decision = decide(policyWorld(snapshotOf([alpha])), principal, requestFor());
  const access = decision.granted ? decision.servers.get('id-alpha') : undefined;
  if (access === undefined) throw new Error('alpha is not granted');
  return access;
}

function callOf(tool: string, sent: JsonObject = {}): AuthorizableCall {
  const target = { access: accessToAlpha(), tool: { name: tool, inputSchema: {} } };
  return { principal, target, publicName: `alpha-${tool}`, arguments: sent, authorized: null };
}

function contextOf(argument: unknown, type = 'mcp'): ExecutionContextHost {
  const context = new ExecutionContextHost([argument]);
  context.setType(type);
  return context;
}

describe('ToolPermissionGuard', () => {
  it('authorises a granted tool with exactly the arguments of the call', () => {
    const call = callOf('read', { path: '/tmp' });
    expect(guard.canActivate(contextOf(call))).toBe(true);
    expect(call.authorized).toBeInstanceOf(AuthorizedCall);
    expect(call.authorized?.arguments).toBe(call.arguments);
    expect(call.authorized?.server).toBe(alpha);
  });

  it('refuses a tool that is not granted under the name that the caller wrote, and forgets what it allowed', () => {
    const call = callOf('write');
    call.authorized = authorizeCall(accessToAlpha(), {
      principal,
      tool: { name: 'read', inputSchema: {} },
      arguments: {},
    });
    expect(() => guard.canActivate(contextOf(call))).toThrow(
      expect.objectContaining({ code: 'unknown_tool', publicMessage: 'Unknown tool: alpha-write', sent: 'no' }),
    );
    expect(call.authorized).toBeNull();
  });

  it('refuses arguments that an argument rule does not name', () => {
    expect(() => guard.canActivate(contextOf(callOf('read', { path: '/', mode: 'w' })))).toThrow(
      expect.objectContaining({ code: 'invalid_arguments' }),
    );
    expect(guard.canActivate(contextOf(callOf('list', { anything: 1 })))).toBe(true);
  });

  it.each([undefined, null, {}, 'call', { ...callOf('read'), target: null }, { ...callOf('read'), arguments: [] }])(
    'refuses what is not a tool call: %p',
    (argument) => {
      expect(() => guard.canActivate(contextOf(argument))).toThrow(expect.objectContaining({ code: 'internal_error' }));
    },
  );

  it('refuses any other kind of context', () => {
    const call = callOf('read');
    expect(() => guard.canActivate(contextOf(call, 'http'))).toThrow(
      expect.objectContaining({ code: 'internal_error' }),
    );
    expect(call.authorized).toBeNull();
  });
});

describe('reauthorizeCall', () => {
  it('applies the argument rules to what will really be sent', () => {
    const tool = { name: 'read', inputSchema: {} };
    const call = authorizeCall(accessToAlpha(), { principal, tool, arguments: { path: '/a' } });
    expect(reauthorizeCall(call, { path: '/b' }).arguments).toEqual({ path: '/b' });
    expect(() => reauthorizeCall(call, { mode: 'w' })).toThrow(expect.objectContaining({ code: 'invalid_arguments' }));
  });
});
