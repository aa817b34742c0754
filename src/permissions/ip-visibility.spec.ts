import { describe, expect, it } from '@jest/globals';
import { clientAddress, parseRanges } from './ip-visibility.js';

const PROXIES = parseRanges(['10.0.0.0/8', 'fd00::/8']);

describe('clientAddress', () => {
  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    'fc00::1',
    'fdff::1',
    '::ffff:10.1.2.3',
    '::ffff:7f00:1',
    '0:0:0:0:0:FFFF:10.1.2.3',
  ])('takes %s for internal', (address) => {
    expect(clientAddress(address, null, [])).toMatchObject({ external: false });
  });

  it.each([
    '11.0.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.169.0.1',
    '169.254.1.1',
    '100.64.0.1',
    '203.0.113.7',
    '0.0.0.0',
    '::',
    '::a00:1',
    'fe80::1',
    'fe80::1%eth0',
    '2001:db8::1',
    '::ffff:203.0.113.7',
  ])('takes %s for external', (address) => {
    expect(clientAddress(address, null, [])).toMatchObject({ external: true });
  });

  it.each([
    null,
    '',
    'unknown',
    '10',
    '127.1',
    '0x7f000001',
    '010.0.0.1',
    '10.0.0.1:80',
    ' 10.0.0.1',
    '10.0.0.256',
    '::10.0.0.1',
  ])('takes %p for not known, so for external', (address) => {
    expect(clientAddress(address, null, [])).toEqual({ address: null, external: true });
  });

  it('names an IPv4-mapped address by its IPv4 address', () => {
    expect(clientAddress('::ffff:10.1.2.3', null, [])).toEqual({ address: '10.1.2.3', external: false });
  });

  it('ignores X-Forwarded-For of a peer that is not a trusted proxy', () => {
    expect(clientAddress('203.0.113.7', '10.0.0.5', PROXIES).address).toBe('203.0.113.7');
    expect(clientAddress('10.0.0.1', '203.0.113.7', []).address).toBe('10.0.0.1');
  });

  it('takes the rightmost address that is not a trusted proxy', () => {
    expect(clientAddress('10.0.0.1', '127.0.0.1, 203.0.113.7, 10.0.0.2', PROXIES)).toEqual({
      address: '203.0.113.7',
      external: true,
    });
    expect(clientAddress('::ffff:10.0.0.1', '192.168.0.9,fd00::2', PROXIES).address).toBe('192.168.0.9');
  });

  it('takes the farthest address when all are trusted proxies', () => {
    expect(clientAddress('10.0.0.1', '10.0.0.3, 10.0.0.2', PROXIES).address).toBe('10.0.0.3');
    expect(clientAddress('10.0.0.1', null, PROXIES).address).toBe('10.0.0.1');
  });

  it.each(['', 'unknown', '127.0.0.1, _hidden', '10.0.0.2, 2130706433', ', 10.0.0.2'])(
    'does not know the client when a proxy forwards %p',
    (forwardedFor) => {
      expect(clientAddress('10.0.0.1', forwardedFor, PROXIES)).toEqual({ address: null, external: true });
    },
  );

  it('refuses a trusted range that is not one', () => {
    expect(() => parseRanges(['10.0.0.0/33'])).toThrow('ipaddr');
  });
});
