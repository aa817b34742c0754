import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { BridgedUpstream, UPSTREAM_KINDS, type UpstreamKind } from './bridged-upstream.js';
import { CLIENT_KINDS, connectClient, type BridgingClient, type ClientKind } from './bridging-client.js';
import { FEATURES } from './features.js';

let gateway: TestGateway;
const upstreams = new Map<UpstreamKind, BridgedUpstream>();
const clients = new Map<ClientKind, BridgingClient>();

beforeAll(async () => {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no backend');
  gateway = await startTestGateway(backend);
  for (const kind of UPSTREAM_KINDS) {
    const upstream = await BridgedUpstream.start(kind);
    upstreams.set(kind, upstream);
    await registerServer(gateway, upstream.registration);
  }
  const key = await makeKey(gateway, { mcp_servers: [...UPSTREAM_KINDS] });
  for (const kind of CLIENT_KINDS) clients.set(kind, await connectClient(kind, { url: `${gateway.url}/mcp`, key }));
  // The URIs that several servers have are known as such once all of them were listed.
  await clients.get('2025')?.resourceUris();
});

afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await gateway.close();
  for (const upstream of upstreams.values()) await upstream.close();
});

const cells = CLIENT_KINDS.flatMap((client) => UPSTREAM_KINDS.map((upstream) => ({ client, upstream })));

describe.each(cells)('a client of $client and a server of $upstream', (cell) => {
  const { client: clientKind, upstream: upstreamKind } = cell;
  const rows = FEATURES.filter(
    ({ clients: only = CLIENT_KINDS, upstreams: among = UPSTREAM_KINDS }) =>
      only.includes(clientKind) && among.includes(upstreamKind),
  );

  it.each(rows)('$name', async (feature) => {
    const client = clients.get(clientKind);
    const upstream = upstreams.get(upstreamKind);
    if (client === undefined || upstream === undefined) throw new Error('the matrix did not start');
    await feature.check({ client, upstream });
  });
});
