import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { manage } from '../support/identities.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const HEADERS = ['x-gatehouse-customer-id', 'x-litellm-end-user-id'];

describe('unknown_customers: deny', () => {
  let gateway: TestGateway;
  let upstream: RecordingHttpUpstream;
  let key: string;
  beforeAll(async () => {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('no backend');
    upstream = await RecordingHttpUpstream.start({ era: '2026' });
    gateway = await startTestGateway(backend, { config: { unknownCustomers: 'deny' } });
    await registerServer(gateway, { alias: 'up', url: upstream.url });
    key = await makeKey(gateway, { mcp_servers: ['up'] });
    await manage(gateway, '/customer/new', { user_id: 'registered' });
    await manage(gateway, '/customer/new', { user_id: 'blocked', blocked: true });
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  function rpc(method: string, params: object, customer: Record<string, string>): Promise<HttpAnswer> {
    return http(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, accept: 'application/json', ...customer },
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
  }

  const list = (customer: Record<string, string>): Promise<HttpAnswer> => rpc('tools/list', {}, customer);
  const call = (customer: Record<string, string>): Promise<HttpAnswer> =>
    rpc('tools/call', { name: 'up-echo', arguments: {} }, customer);
  const onRest = (customer: Record<string, string>): Promise<HttpAnswer> =>
    http(`${gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'x-request-id': 'same', ...customer },
      body: { server_id: 'up', name: 'echo', arguments: {} },
    });

  it('leaves requests without a customer, and those of a registered one, as they are', async () => {
    const customers: Record<string, string>[] = [{}, { 'x-gatehouse-customer-id': 'registered' }];
    for (const customer of customers) {
      expect((await list(customer)).text).toContain('up-echo');
      expect(await call(customer)).toMatchObject({ status: 200, json: { result: { content: [{}] } } });
      expect((await onRest(customer)).status).toBe(200);
    }
  });

  it.each(HEADERS)('refuses a customer in %s that was never registered like a blocked one', async (header) => {
    const before = upstream.callCount;
    for (const send of [list, call, onRest]) {
      const [unknown, blocked] = [await send({ [header]: 'unknown' }), await send({ [header]: 'blocked' })];
      expect([unknown.status, unknown.text]).toEqual([blocked.status, blocked.text]);
      expect(unknown.text).not.toContain('up-add');
    }
    expect(upstream.callCount).toBe(before);
  });

  it('lets a customer in who is registered', async () => {
    const customer = { 'x-gatehouse-customer-id': 'new' };
    expect((await list(customer)).text).not.toContain('up-echo');
    await manage(gateway, '/customer/new', { user_id: 'new' });
    expect((await list(customer)).text).toContain('up-echo');
  });
});
