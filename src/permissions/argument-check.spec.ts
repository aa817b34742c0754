import { describe, expect, it } from '@jest/globals';
import {
  level,
  mcpServer,
  policyWorld,
  principalWith,
  requestFor,
  snapshotOf,
} from '../../test/permissions/policy-fixtures.js';
import type { GrantLevel, LevelKind, Principal } from '../auth/principal.js';
import type { JsonObject } from '../common/json.js';
import type { ArgumentRule } from '../expressions/argument-rule.js';
import type { McpServer } from '../mcp-servers/mcp-server.js';
import type { ServerAccess } from './access-decision.js';
import { authorizeCall, reauthorizeCall } from './authorized-call.js';
import { decide } from './evaluator.js';

const ALPHA = mcpServer({ id: 'id-alpha', alias: 'alpha', name: 'Alpha One' });
const refused = expect.objectContaining({ code: 'invalid_arguments', sent: 'no' });

function rule(when: string, others: Partial<ArgumentRule> = {}): ArgumentRule {
  return { tool: '*', when, effect: 'allow', message: null, ...others };
}

function withRules(kind: LevelKind, ...rules: ArgumentRule[]): GrantLevel {
  return level(kind, kind === 'key' ? { mcp_servers: ['id-alpha'] } : null, { argumentRules: rules });
}

function accessOf(server: McpServer, principal: Principal): ServerAccess {
  const decision = decide(policyWorld(snapshotOf([server])), principal, requestFor());
  const access = decision.granted ? decision.servers.get(server.id) : undefined;
  if (access === undefined) throw new Error('the server is not granted');
  return access;
}

function attempt(levels: readonly GrantLevel[], args: JsonObject, server = ALPHA, tool = 'read'): () => unknown {
  const principal = principalWith(levels, { userId: 'ann' });
  const access = accessOf(server, principal);
  return () => authorizeCall(access, { principal, tool: { name: tool, inputSchema: {} }, arguments: args });
}

describe('argument rules', () => {
  it('of key, team and server must all agree', () => {
    const server = { ...ALPHA, argumentRules: [rule('args.n > 1')] };
    const levels = [withRules('key', rule('args.n > 2')), withRules('team', rule('args.n > 3'))];
    expect(attempt(levels, { n: 4 }, server)).not.toThrow();
    expect(attempt(levels, { n: 3 }, server)).toThrow(refused);
    expect(attempt(levels.slice(0, 1), { n: 3 }, server)).not.toThrow();
    expect(attempt(levels.slice(0, 1), { n: 2 }, server)).toThrow(refused);
    expect(attempt([withRules('key')], { n: 1 }, server)).toThrow(refused);
  });

  it('say what their author wrote, and to the log whose rule it was', () => {
    const message = 'Only small numbers';
    const key = withRules('key', rule('args.n < 5', { message }));
    expect(attempt([key], { n: 9 })).toThrow(
      expect.objectContaining({
        publicMessage: message,
        detail: 'argument rule of the key for *: the condition is false',
      }),
    );
    const general = { publicMessage: 'The arguments are not allowed by a rule' };
    expect(attempt([withRules('key', rule('args.nope'))], {})).toThrow(expect.objectContaining(general));
  });

  it.each(['read', 'READ', 'alpha-read', 'Alpha One-read', 'ID-ALPHA-READ', '*'])('mean the tool by %s', (tool) => {
    const levels = [withRules('key', rule('true', { tool, effect: 'deny' }))];
    expect(attempt(levels, {})).toThrow(refused);
  });

  it.each(['rea', 'beta-read', 'alpha-', 'alpha', 'alpha-reader', ''])('do not mean the tool by %s', (tool) => {
    const levels = [withRules('key', rule('true', { tool, effect: 'deny' }))];
    expect(attempt(levels, {})).not.toThrow();
  });

  it('know tool, server and caller', () => {
    const when =
      "tool == 'read' && server.id == 'id-alpha' && server.alias == 'alpha' && principal.user_id == 'ann' && " +
      "principal.roles == ['internal_user'] && size(principal.claims) == 0 && principal.team_id == null";
    expect(attempt([withRules('key', rule(when))], {})).not.toThrow();
  });

  it('judge what will really be sent', () => {
    const principal = principalWith([withRules('key', rule("args.path.startsWith('/home/')"))]);
    const tool = { name: 'read', inputSchema: {} };
    const call = authorizeCall(accessOf(ALPHA, principal), { principal, tool, arguments: { path: '/home/a' } });
    expect(reauthorizeCall(call, { path: '/home/b' }).arguments).toEqual({ path: '/home/b' });
    expect(() => reauthorizeCall(call, { path: '/etc/shadow' })).toThrow(refused);
  });
});
