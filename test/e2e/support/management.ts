import type { TestGateway } from './test-gateway.js';

/** Registers a server and returns its id. Throws with the answer when the gateway refuses. */
export async function registerServer(
  gateway: Pick<TestGateway, 'admin'>,
  body: Record<string, unknown>,
): Promise<string> {
  const answer = await gateway.admin('POST', '/v1/mcp/server', body);
  if (answer.status !== 201) throw new Error(`registering failed with ${answer.status}: ${answer.text}`);
  return (answer.json as { server_id: string }).server_id;
}

/** Makes a key with these grants and returns it. Throws with the answer when the gateway refuses. */
export async function makeKey(
  gateway: Pick<TestGateway, 'admin'>,
  objectPermission: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<string> {
  const answer = await gateway.admin('POST', '/key/generate', { object_permission: objectPermission, ...more });
  if (answer.status !== 200) throw new Error(`making a key failed with ${answer.status}: ${answer.text}`);
  return (answer.json as { key: string }).key;
}
