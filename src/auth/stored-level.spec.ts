import { describe, expect, it } from '@jest/globals';
import { grants } from '../../test/auth/auth-fixtures.js';
import { indexOf } from './permission-index.js';
import { StoredLevel } from './stored-level.js';

const COLUMNS = { permission_closed: false, rpm_limit: null, mcp_rpm_limit: null, max_budget: null };
const some = grants({ mcp_servers: ['a'], mcp_tool_permissions: { b: ['read'], c: null, d: [] } });
const many = grants({ mcp_servers: Array.from({ length: 200 }, (_, index) => `server-${index}-of-many`) });

function levelOf(object_permission: unknown): StoredLevel {
  return new StoredLevel('key', 'id', { ...COLUMNS, object_permission: JSON.stringify(object_permission) });
}

describe('StoredLevel', () => {
  it.each([['short', some] as const, ['long', many] as const])('reads %s text as what was stored', (_, stored) => {
    expect(levelOf(stored).objectPermission).toEqual(stored);
  });

  it('reads its text once', () => {
    const level = levelOf(some);
    expect(level.objectPermission).toBe(level.objectPermission);
  });

  it('takes grants that are read already, and none', () => {
    expect(new StoredLevel('team', 'id', { ...COLUMNS, object_permission: some }).objectPermission).toBe(some);
    expect(new StoredLevel('team', 'id', { ...COLUMNS, object_permission: null }).objectPermission).toBeNull();
  });

  it('keeps an index of long grants only', () => {
    const [long, short] = [levelOf(many).objectPermission, levelOf(some).objectPermission];
    expect(indexOf(long)).toBe(indexOf(long));
    expect(indexOf(short)).not.toBe(indexOf(short));
    expect(indexOf(long)).toEqual(indexOf(many));
  });

  it('fails, and grants nothing, on text that is not well-formed', () => {
    const level = new StoredLevel('key', 'id', { ...COLUMNS, object_permission: '{"mcp_servers":' });
    expect(() => level.objectPermission).toThrow(SyntaxError);
  });
});
