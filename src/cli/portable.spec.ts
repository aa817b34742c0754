import { describe, expect, it } from '@jest/globals';
import { KINDS } from './kinds.js';
import { portable } from './portable.js';

const [servers] = KINDS;
const FIELDS = ['url', 'spec_path', 'token_url', 'static_headers', 'env', 'args', 'env_vars', 'description'];
const WRITABLE = {
  create: new Map(FIELDS.map((field) => [field, {}])),
  update: new Set<string>(),
  known: new Set<string>(),
};

describe('a server in a file', () => {
  it('holds no secret, wherever one can be', () => {
    if (servers === undefined) throw new Error('servers come first');
    const address = 'https://api.example.com/x?api_key=canary';
    const view = {
      server_id: 'a',
      ...{ url: address, spec_path: address, token_url: address, description: 'plain' },
      ...{ static_headers: { 'x-key': 'canary' }, env: { KEY: 'canary' }, args: ['--token=canary'] },
      env_vars: [{ name: 'ZONE', value: 'canary', scope: 'global' }],
    };
    const entry = portable(servers, view, WRITABLE, new Map());
    expect(JSON.stringify(entry)).not.toContain('canary');
    expect(entry).toMatchObject({ spec_path: 'https://api.example.com/x?api_key=***', description: 'plain' });
  });
});
