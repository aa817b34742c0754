import { describe, expect, it } from '@jest/globals';
import { readCredential } from './credential.js';

describe('readCredential', () => {
  it('finds nothing when nothing was sent', () => {
    expect(readCredential({ accept: '*/*' })).toBeNull();
  });

  it.each([
    [{ authorization: 'Bearer sk-a' }, 'authorization', 'sk-a'],
    [{ authorization: 'bearer   sk-a ' }, 'authorization', 'sk-a'],
    [{ 'x-litellm-api-key': 'sk-a' }, 'x-litellm-api-key', 'sk-a'],
    [{ 'x-litellm-api-key': 'Bearer sk-a' }, 'x-litellm-api-key', 'sk-a'],
    [
      { 'x-gatehouse-api-key': 'sk-g', 'x-litellm-api-key': 'sk-l', authorization: 'Bearer u' },
      'x-gatehouse-api-key',
      'sk-g',
    ],
  ])('%j', (headers, header, token) => {
    expect(readCredential(headers)).toEqual({ header, token });
  });

  it.each([
    [{ 'x-gatehouse-api-key': '', authorization: 'Bearer sk-good' }],
    [{ 'x-gatehouse-api-key': 'Bearer', authorization: 'Bearer sk-good' }],
    [{ 'x-gatehouse-api-key': 'a b', authorization: 'Bearer sk-good' }],
    [{ 'x-gatehouse-api-key': 'sk-a, sk-b', authorization: 'Bearer sk-good' }],
    [{ 'x-litellm-api-key': 'sk-\u00e9', authorization: 'Bearer sk-good' }],
  ])('does not fall through to the next header: %j', (headers) => {
    const credential = readCredential(headers);
    expect(credential?.header).not.toBe('authorization');
    expect(credential?.token).not.toContain('sk-');
  });

  it.each(['sk-a', 'Basic c2stYQ==', 'Bearer', 'Bearer ', ''])('takes no key from Authorization: %p', (value) => {
    expect(readCredential({ authorization: value })).toEqual({ header: 'authorization', token: '' });
  });

  it('refuses two Authorization headers, of which Node keeps the first', () => {
    const raw = ['Authorization', 'Bearer sk-a', 'Host', 'x', 'authorization', 'Bearer sk-b'];
    expect(readCredential({ authorization: 'Bearer sk-a' }, raw)).toEqual({ header: 'authorization', token: '' });
  });
});
