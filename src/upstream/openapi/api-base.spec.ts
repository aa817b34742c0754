import { describe, expect, it } from '@jest/globals';
import { aServer } from '../../../test/fixtures/upstreams/upstream-factories.js';
import { Secret } from '../../common/secret.js';
import { apiBase, pathBelow } from './api-base.js';

const DOCUMENT = new URL('https://api.example.com/docs/openapi.json');

describe('the base of an API', () => {
  it.each([
    ['https://other.example.com/v2/', 'https://api.example.com/v1', 'https://other.example.com', '/v2'],
    ['https://other.example.com', null, 'https://other.example.com', ''],
    [null, '/v1', 'https://api.example.com', '/v1'],
    [null, 'v1', 'https://api.example.com', '/docs/v1'],
    [null, 'https://api.example.com/', 'https://api.example.com', ''],
    [null, null, 'https://api.example.com', ''],
  ])('is the url %p, else what the document says: %p', (url, said, origin, prefix) => {
    const server = aServer({ url: url === null ? null : new Secret(url) });
    expect(apiBase(server, DOCUMENT, said)).toEqual({ origin, prefix });
  });

  it.each([
    'http://api.example.com/',
    'https://api.example.com:8443/',
    '//evil.example.com/',
    'https://',
    'javascript:1',
  ])('is never of another origin because the document says so: %s', (said) => {
    expect(() => apiBase(aServer(), DOCUMENT, said)).toThrow(/set url/);
  });
});

describe('a path below a base', () => {
  const base = { origin: 'https://api.example.com', prefix: '/v1' };

  it.each([
    ['/pets?x=1', '/v1/pets?x=1'],
    ['/pets/ü', '/v1/pets/%C3%BC'],
    ['//evil.example.com/x', '/v1//evil.example.com/x'],
  ])('of %s is %s', (target, path) => {
    expect(pathBelow(base, target)).toBe(path);
  });

  it.each(['/../admin', '/%2e%2e/admin', '/a/../../admin', '/\\..\\..\\admin'])('does not leave it: %s', (target) => {
    expect(() => pathBelow(base, target)).toThrow('broke the protocol');
  });
});
