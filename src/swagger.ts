import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { serverViewSchemas } from './mcp-servers/mcp-server.schemas.js';
import { addWalkthrough } from './swagger-walkthrough.js';

/** Name of the security scheme that every protected route refers to. */
const SECURITY_SCHEME = 'gatehouse-key';

const DESCRIPTION = `Management API of the Gatehouse MCP gateway.

Press **Authorize** and paste the master key (or a key with admin rights), then go through these routes; their bodies
are filled in:

1. \`POST /v1/mcp/server\` registers an upstream MCP server. Put in its address.
2. \`POST /team/new\` makes a team that may use the server.
3. \`POST /key/generate\` makes a virtual key of the team with two tools of the server. Copy the key: it is shown once.
4. \`POST /v1/mcp/permissions/explain\` says why that key may not call a third tool. Put in the key.

Then point an MCP client at \`/mcp\` with the key as bearer token: it sees the two tools.

MCP itself is served at \`/mcp\`, \`/mcp/{server}\` and \`/{server}/mcp\`; these doors speak JSON-RPC (tools,
prompts, resources, completion) and are not listed here. Every error outside MCP is an RFC 9457 problem document with a \`code\` of a closed set.`;

/**
 * Builds the OpenAPI document of all routes.
 * @param path where the gateway begins on its server, without a trailing slash
 */
export function openApiDocument(app: INestApplication, version: string, path = ''): OpenAPIObject {
  const builder = new DocumentBuilder().setTitle('Gatehouse').setDescription(DESCRIPTION).setVersion(version);
  if (path !== '') builder.addServer(path);
  const config = builder
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: 'Master key, virtual key (sk-…), or an access token of a configured issuer',
      },
      SECURITY_SCHEME,
    )
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...serverViewSchemas() },
  };
  return addWalkthrough(document);
}

/** Serves the document at `/docs/openapi.json` and the UI at `/docs`. */
export function serveDocs(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Gatehouse API',
    swaggerOptions: {
      deepLinking: true,
      persistAuthorization: false,
      displayRequestDuration: true,
      tryItOutEnabled: true,
    },
  });
}
