import type { JsonObject, JsonValue } from '../common/json.js';
import { readBody } from './body-reader.js';
import { resolve } from './json-pointer.js';
import type { OperationParameter, OperationTool } from './operation.js';
import { describedSchema, readParameters } from './parameter-reader.js';
import { readOutputSchema } from './output-schema.js';
import { SchemaBundle } from './schema-bundle.js';
import type { ToolNames } from './tool-names.js';

/** Largest input schema: every client gets it with every list. */
const MAX_SCHEMA_BYTES = 256 * 1024;
const LONGEST_DESCRIPTION = 4_096;
/** The hints that MCP has for what a method does. */
const HINTS: Readonly<Record<string, JsonObject>> = {
  get: { readOnlyHint: true },
  put: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  post: { readOnlyHint: false },
  delete: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  patch: { readOnlyHint: false, destructiveHint: true },
};

/** Reads operations of one document. */
export class OperationReader {
  constructor(
    private readonly document: JsonObject,
    private readonly names: ToolNames,
    private readonly warn: (text: string) => void,
  ) {}

  /** null: no tool can be made of it; why is a warning. */
  read(path: string, method: string, written: JsonObject, shared: JsonValue | undefined): OperationTool | null {
    const place = `${method.toUpperCase()} ${path}`;
    const bundle = new SchemaBundle(this.document);
    const found = readParameters(this.document, path, [shared, written['parameters']]);
    const body = readBody(resolve(this.document, written['requestBody']), found.names);
    const properties: Record<string, JsonValue> = {};
    const required: string[] = [];
    for (const { parameter, schema, description, isRequired } of found.parameters) {
      properties[parameter.argument] = bundle.copy(describedSchema(schema, description));
      if (isRequired) required.push(parameter.argument);
    }
    if (body !== null) {
      properties[body.body.argument] = bundle.copy(body.schema);
      if (body.isRequired) required.push(body.body.argument);
    }
    const inputSchema: JsonObject = { type: 'object', properties, additionalProperties: false };
    if (required.length > 0) inputSchema['required'] = required;
    if (Object.keys(bundle.definitions).length > 0) inputSchema['$defs'] = bundle.definitions;
    for (const fault of [...found.faults, ...bundle.unresolved.map((to) => `leads to ${to}, which is not in it`)]) {
      this.warn(`${place}: ${fault}`);
    }
    if (bundle.isOverfull || JSON.stringify(inputSchema).length > MAX_SCHEMA_BYTES) {
      this.warn(`${place}: is left out, its schema is larger than ${MAX_SCHEMA_BYTES} bytes`);
      return null;
    }
    return this.tool(
      { path, method, written, parameters: found.parameters.map((each) => each.parameter) },
      inputSchema,
      body?.body ?? null,
    );
  }

  private tool(
    { path, method, written, parameters }: ReadOperation,
    inputSchema: JsonObject,
    body: OperationTool['operation']['body'],
  ): OperationTool {
    const outputSchema = readOutputSchema(this.document, written['responses']);
    return {
      operation: { method: method.toUpperCase(), path, parameters, body },
      definition: {
        name: this.names.nameFor(written['operationId'], method, path),
        description: descriptionOf(written, `${method.toUpperCase()} ${path}`),
        inputSchema,
        ...(outputSchema !== null && { outputSchema }),
        // The title is what is called, whatever the document says of it; a pinned tool is another one when it changes.
        annotations: { title: `${method.toUpperCase()} ${path}`, ...HINTS[method] },
      },
    };
  }
}

interface ReadOperation {
  readonly path: string;
  readonly method: string;
  readonly written: JsonObject;
  readonly parameters: readonly OperationParameter[];
}

function descriptionOf({ summary, description }: JsonObject, otherwise: string): string {
  const texts = [summary, description].filter((text) => typeof text === 'string' && text.trim() !== '');
  return (texts.length === 0 ? otherwise : texts.join('\n\n')).slice(0, LONGEST_DESCRIPTION);
}
