import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { GATEWAY_INFO } from './protocol.js';

describe('GATEWAY_INFO', () => {
  it('tells the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(GATEWAY_INFO['version']).toBe(version);
  });
});
