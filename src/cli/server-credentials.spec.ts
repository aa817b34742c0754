import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../common/json.js';
import { droppedSecrets, keptFields } from './server-credentials.js';

const view: JsonObject = {
  url: 'https://one.example.com/mcp',
  static_headers: { 'x-a': 'secret' },
  env_vars: [{ name: 'REGION', value: 'eu', scope: 'global' }],
};
const fields: JsonObject = {
  url: 'https://two.example.com/mcp',
  credentials: { auth_value: '***', client_id: 'written' },
  static_headers: { 'x-a': '***', 'x-b': 'written' },
  env_vars: [
    { name: 'REGION', value: '***', scope: 'global' },
    { name: 'OWN', scope: 'user' },
  ],
};

describe('a change that moves a server to another origin', () => {
  const changed = { url: fields['url'] ?? null };

  it('needs every masked secret written, for the gateway drops what it has', () => {
    expect(droppedSecrets(fields, changed, view)).toEqual([
      'credentials.auth_value',
      'static_headers.x-a',
      'env_vars.0.value',
    ]);
  });

  it('sends written headers and variables again', () => {
    const written = {
      static_headers: { 'x-b': 'written' },
      env_vars: [{ name: 'REGION', value: 'eu', scope: 'global' }],
    };
    expect(keptFields({ ...fields, ...written }, changed, view)).toEqual(written);
    expect(keptFields({ url: fields['url'] ?? null }, changed, view)).toEqual({});
  });
});

describe('a change of something else', () => {
  it('drops nothing and sends nothing again', () => {
    const changed = { url: 'https://one.example.com/other' };
    expect(droppedSecrets(fields, changed, view)).toEqual([]);
    expect(keptFields(fields, changed, view)).toEqual({});
  });

  it('drops credentials, but no headers, with another auth_type', () => {
    expect(droppedSecrets(fields, { auth_type: 'api_key' }, view)).toEqual(['credentials.auth_value']);
    expect(keptFields(fields, { auth_type: 'api_key' }, view)).toEqual({});
  });
});
