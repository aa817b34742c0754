import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listOnMcp } from '../identities/tool-lists.js';
import { Replicas, within } from '../replicas/replicas.js';
import { availableBackends } from '../support/backends.js';
import { makeKey } from '../support/management.js';
import { toolsOf, type ToolsetAnswer } from './toolset-world.js';

const ROUTE = '/v1/mcp/toolset';

describe.each(availableBackends())('toolsets of two processes on one $name', (backend) => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await Replicas.start(backend);
  });
  afterAll(() => replicas.close());

  /** Resolves when the door on B lists exactly these tools. */
  const listedOnB = (key: string, tools: readonly string[]): Promise<void> =>
    within(async () => {
      const list = await listOnMcp(replicas.b.url, '/toolset/shared/mcp', { key });
      return JSON.stringify(list) === JSON.stringify({ status: tools.length === 0 ? 403 : 200, tools });
    });

  it('are in force on the other one within two seconds, also when nobody tells of the change', async () => {
    const body = { toolset_name: 'shared', tools: toolsOf(['up/echo']) };
    const { toolset_id } = (await replicas.a.admin('POST', ROUTE, body)).json as ToolsetAnswer;
    const key = await makeKey(replicas.a, { mcp_toolsets: ['shared'] });
    await replicas.acceptedOnB(key);
    await listedOnB(key, ['up-echo']);
    await replicas.a.admin('PUT', ROUTE, { toolset_id, tools: toolsOf(['up/add', 'up/fail']) });
    await listedOnB(key, ['up-add', 'up-fail']);

    await replicas.sql(
      `UPDATE mcp_toolsets SET tools = jsonb_path_query_array(tools, '$[*] ? (@.tool_name == "add")')`,
    );
    await replicas.sql(`UPDATE policy_versions SET version = version + 1 WHERE name = 'toolsets'`);
    await listedOnB(key, ['up-add']);

    expect((await replicas.a.admin('DELETE', `${ROUTE}/${toolset_id}`)).status).toBe(202);
    await listedOnB(key, []);
    expect(await replicas.toolsOnB(key)).toEqual([]);
  });
});
