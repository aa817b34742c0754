import { describe, expect, it } from '@jest/globals';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import { foldEntries, hitsAllowList, hitsDenyList, spellingsOf } from './tool-hits.js';

const server = mcpServer({ id: 'Id-1', alias: 'git', name: 'Git_Hub' });
const allows = (entries: string[], tool: string): boolean =>
  hitsAllowList(new Set(entries), spellingsOf(server, tool, '-'));
const denies = (entries: string[], tool: string): boolean =>
  hitsDenyList(foldEntries(entries), spellingsOf(server, tool, '-'));

describe('entries of tool lists', () => {
  it.each(['read', 'git-read', 'Git_Hub-read', 'Id-1-read'])('mean a tool as %s', (entry) => {
    expect(allows([entry], 'read')).toBe(true);
    expect(denies([entry], 'read')).toBe(true);
  });

  it('are never taken apart at the separator', () => {
    // A tool of another server whose name begins like this one's prefix.
    const other = mcpServer({ id: 'id-2', alias: 'git-lab' });
    expect(hitsAllowList(new Set(['git-lab-read']), spellingsOf(other, 'read', '-'))).toBe(true);
    expect(allows(['git-lab-read'], 'read')).toBe(false);
    expect(allows(['git-lab-read'], 'lab-read')).toBe(true);
    expect(allows(['other-read'], 'read')).toBe(false);
  });

  it('compare exactly when they allow', () => {
    expect(allows(['READ', 'Git-read', '*', 're*'], 'read')).toBe(false);
  });

  it('compare after case folding and normalisation when they deny', () => {
    expect(denies(['READ'], 'read')).toBe(true);
    expect(denies(['read'], 'READ')).toBe(true);
    expect(denies(['git_hub-READ'], 'read')).toBe(true);
    expect(denies(['\uff52ead'], 'read')).toBe(true);
    expect(denies(['re*', 'rea'], 'read')).toBe(false);
    expect(denies([], 'read')).toBe(false);
  });

  it('deny every tool with a star', () => {
    expect(denies(['*'], 'anything')).toBe(true);
  });

  it('skip the names that a server does not have', () => {
    expect(spellingsOf(mcpServer({ id: 'id-3' }), 'read', '__')).toEqual(['read', 'id-3__read']);
  });
});
