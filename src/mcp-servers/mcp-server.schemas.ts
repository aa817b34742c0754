import { isAdminView, READERS, SERVER_COLUMNS, type Reader } from './mcp-server.views.js';
import { LIST, type SchemaObject } from './projection.js';

/** Names of the schemas in the API document. */
const SCHEMA_NAMES: Readonly<Record<Reader, string>> = {
  admin: 'McpServerAdminView',
  viewer: 'McpServerViewerView',
  nonAdmin: 'McpServerNonAdminView',
  restricted: 'McpServerRestrictedView',
  submitter: 'McpServerSubmitterView',
};

const ABOUT: Readonly<Record<Reader, string>> = {
  admin: 'What an admin sees: everything but stored credentials.',
  viewer: 'What a view-only admin sees: values that may be secrets are masked.',
  nonAdmin: 'What a caller sees of a server that it can reach.',
  restricted: 'What a key with allowed_routes sees.',
  submitter: 'What the caller sees that submitted the server.',
};

/** A reference to one view, for the answers of a route. */
export function viewSchema(reader: Reader): { $ref: string } {
  return { $ref: `#/components/schemas/${SCHEMA_NAMES[reader]}` };
}

/** Whichever view the caller gets. */
export const ANY_VIEW = { anyOf: READERS.map(viewSchema) };

/** A submission as whichever admin view the caller has. */
export const ANY_SUBMISSION = {
  anyOf: READERS.filter(isAdminView).map((reader) => ({ $ref: `${viewSchema(reader).$ref}OfSubmission` })),
};

/** The schemas of all views by name: made from the table that the views are made from. */
export function serverViewSchemas(): Record<string, SchemaObject> {
  const views = READERS.map((reader) => [SCHEMA_NAMES[reader], schemaOf(reader)] as const);
  const submissions = READERS.filter(isAdminView).map(
    (reader) => [`${SCHEMA_NAMES[reader]}OfSubmission`, withHash(schemaOf(reader))] as const,
  );
  return Object.fromEntries([...views, ...submissions]);
}

function withHash(schema: SchemaObject): SchemaObject {
  const hash: SchemaObject = { type: 'string', description: 'Of settings and state; what an approval can name' };
  return {
    ...schema,
    properties: { ...schema.properties, content_hash: hash },
    required: [...(schema.required ?? []), 'content_hash'],
  };
}

function schemaOf(reader: Reader): SchemaObject {
  const properties: Record<string, SchemaObject> = {};
  for (const [name, column] of Object.entries(SERVER_COLUMNS)) {
    if (column === 'never shown') continue;
    const { schema } = column.show[reader];
    properties[column.as ?? name] = column.about === undefined ? schema : { ...schema, description: column.about };
  }
  properties['credential_keys'] = {
    ...LIST.schema,
    ...(isAdminView(reader) ? { example: ['auth_value'] } : { maxItems: 0 }),
    description: 'Names of the stored credentials',
  };
  properties['has_user_credential'] = { type: 'boolean', nullable: true, description: 'Filled for BYOK servers' };
  return {
    ...{ type: 'object', description: ABOUT[reader], properties },
    ...{ required: Object.keys(properties), additionalProperties: false },
  };
}
