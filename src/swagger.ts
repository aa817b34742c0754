import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** Name of the security scheme that every protected route refers to. */
const SECURITY_SCHEME = 'gatehouse-key';

const DESCRIPTION = `Management API of the Gatehouse MCP gateway.

1. Press **Authorize** and paste the master key (or a key with admin rights).
2. \`POST /v1/mcp/server\` registers an upstream MCP server.
3. \`POST /key/generate\` makes a virtual key that may use some of its tools.
4. Point an MCP client at \`/mcp\` with that key as bearer token.
5. For more than one person: \`POST /team/new\` with the servers of a team, then keys with its \`team_id\`.

MCP itself is served at \`/mcp\`, \`/mcp/{server}\` and \`/{server}/mcp\`; these doors speak JSON-RPC (tools,
prompts, resources, completion) and are not listed here. Every error outside MCP is an RFC 9457 problem document with a \`code\` of a closed set.`;

/** Builds the OpenAPI document of all routes. */
export function openApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Gatehouse')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: 'Master key, virtual key (sk-…), or an access token of a configured issuer',
      },
      SECURITY_SCHEME,
    )
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** Serves the document at `/docs/openapi.json` and the UI at `/docs`. */
export function serveDocs(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Gatehouse API',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true, tryItOutEnabled: true },
  });
}
