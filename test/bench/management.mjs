import { Pool } from 'undici';

const REQUESTS_AT_ONCE = 16;

/**
 * Gives `use` a function that posts to the management API as the admin.
 * @template T
 * @param {{url: string, masterKey: string}} gateway
 * @param {(post: (path: string, body: object) => Promise<any>) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withManagement(gateway, use) {
  const api = new Pool(gateway.url, { connections: REQUESTS_AT_ONCE, pipelining: 1 });
  const headers = { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' };
  try {
    return await use((path, body) => postJson(api, path, headers, body));
  } finally {
    await api.close();
  }
}

/** Runs `make(0)` to `make(count - 1)`, some at once, and keeps their order. */
export async function times(count, make) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await make(index);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, worker));
  return results;
}

async function postJson(api, path, headers, body) {
  const answer = await api.request({
    method: 'POST',
    path,
    headers,
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`POST ${path}: HTTP ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}
