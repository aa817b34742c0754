import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { SERVER_INFO } from './server-info.js';

it('tells the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(SERVER_INFO.version).toBe(version);
});
