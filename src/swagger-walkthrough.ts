import type { OpenAPIObject } from '@nestjs/swagger';

/** One step of the walk-through: a request body that Swagger UI fills in. */
interface Step {
  readonly path: string;
  readonly summary: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * From nothing to an explained refusal, in an order in which each step can be pressed after the one before. Only two
 * values cannot be known in advance: the address of the server and the key that step 3 answers with.
 */
export const WALKTHROUGH: readonly Step[] = [
  {
    path: '/v1/mcp/server',
    summary: 'Step 1: a server',
    body: { server_name: 'everything', transport: 'http', url: 'http://127.0.0.1:3001/mcp' },
  },
  {
    path: '/team/new',
    summary: 'Step 2: a team that may use the server',
    body: { team_id: 'support', team_alias: 'Support', object_permission: { mcp_servers: ['everything'] } },
  },
  {
    path: '/key/generate',
    summary: 'Step 3: a key of the team with two tools of the server',
    body: {
      key_alias: 'support-bot',
      team_id: 'support',
      object_permission: { mcp_tool_permissions: { everything: ['echo', 'get-sum'] } },
    },
  },
  {
    path: '/v1/mcp/permissions/explain',
    summary: 'Step 4: why a tool is refused (paste the key or the token of step 3)',
    body: {
      key: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      server_id: 'everything',
      tool_name: 'get-env',
    },
  },
];

/**
 * Puts the bodies into the document as the examples of their routes.
 * @throws Error when a step names a route that the document does not have.
 */
export function addWalkthrough(document: OpenAPIObject): OpenAPIObject {
  for (const { path, summary, body } of WALKTHROUGH) {
    const request = document.paths[path]?.post?.requestBody;
    const content = request !== undefined && 'content' in request ? request.content['application/json'] : undefined;
    if (content === undefined) throw new Error(`The walk-through names POST ${path}, which takes no JSON body`);
    content.examples = { walkthrough: { summary, value: body } };
  }
  return document;
}
