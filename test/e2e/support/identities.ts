import type { TestGateway } from './test-gateway.js';

/** Sends a management request that has to work, and returns its answer. Throws with the answer when it is refused. */
export async function manage<T extends object>(
  gateway: Pick<TestGateway, 'admin'>,
  path: string,
  body: object,
): Promise<T> {
  const answer = await gateway.admin('POST', path, body);
  if (answer.status !== 200) throw new Error(`${path} failed with ${answer.status}: ${answer.text}`);
  return answer.json as T;
}
