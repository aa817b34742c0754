import { describe, expect, it } from '@jest/globals';
import { extraHeaderFaults, staticHeaderFaults } from './header-rules.js';

describe('staticHeaderFaults', () => {
  it.each<Record<string, string>>([
    { 'X-Tenant': 'acme' },
    { authorization: 'Bearer abc' },
    { cookie: 'a=b' },
    { 'x-a': '' },
    { 'x-a': 'tab\tand ~ space' },
    { 'x-price': '$5 {ok}' },
  ])('accepts %j', (headers) => {
    expect(staticHeaderFaults(headers)).toEqual([]);
  });

  it.each([
    'Host',
    'content-length',
    'Content-Type',
    'Transfer-Encoding',
    'connection',
    'TE',
    'upgrade',
    'Mcp-Session-Id',
    'mcp-protocol-version',
    'a b',
    'a:b',
    'a\r\nb',
    '',
    'ä',
  ])('refuses the name %p', (name) => {
    expect(staticHeaderFaults({ [name]: 'x' }).map(({ path }) => path)).toEqual([`static_headers.${name}`]);
  });

  it.each(['a\r\nx: y', 'a\u0000', 'é', '\u007f', 'Bearer ${TOKEN}', '${}', '***'])('refuses the value %p', (value) => {
    expect(staticHeaderFaults({ 'x-a': value })).toHaveLength(1);
  });

  it('does not repeat a value that it refuses', () => {
    expect(JSON.stringify(staticHeaderFaults({ 'x-a': 's3cret\n' }))).not.toContain('s3cret');
  });

  it('refuses one name in two cases', () => {
    expect(staticHeaderFaults({ 'x-a': '1', 'X-A': '2' }).map(({ path }) => path)).toEqual(['static_headers.X-A']);
  });
});

describe('extraHeaderFaults', () => {
  it('accepts names of plain headers, and Authorization, which the caller may have for the upstream', () => {
    expect(extraHeaderFaults(['X-Tenant', 'authorization', 'x-underscore_form'])).toEqual([]);
  });

  it.each([
    'Cookie',
    'X-Forwarded-For',
    'X-Gatehouse-Api-Key',
    'x-litellm-api-key',
    'x-mcp-servers',
    'Host',
    'mcp-x',
    'a b',
  ])('refuses %s', (name) => {
    expect(extraHeaderFaults(['x-fine', name]).map(({ path }) => path)).toEqual(['extra_headers.1']);
  });
});
