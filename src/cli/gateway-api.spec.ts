import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../common/secret.js';
import { CliError } from './cli-error.js';
import { GatewayApi } from './gateway-api.js';

let server: Server;
let origin: string;
let asked: string[];
let next: string;

beforeEach(async () => {
  asked = [];
  next = '';
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    if (asked.length === 1 && next !== '') response.setHeader('link', `<${next}>; rel="next"`);
    response.end('[{}]');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.close();
});

const api = (path: string): GatewayApi => new GatewayApi(origin + path, new Secret('sk-admin'));

describe('the API of a gateway', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['/gatehouse', '/gatehouse'],
    ['/a/b/', '/a/b'],
  ])('is asked below the path %j, and so are further pages', async (path, base) => {
    next = '/key/list?cursor=x';
    expect(await api(path).list('/key/list', null)).toEqual([{}, {}]);
    expect(asked).toEqual([`${base}/key/list`, `${base}/key/list?cursor=x`]);
  });

  it('is not followed elsewhere', async () => {
    next = 'http://127.0.0.1:9/key/list';
    await expect(api('').list('/key/list', null)).rejects.toThrow(CliError);
    expect(asked).toEqual(['/key/list']);
  });
});
