import type { JsonObject, JsonValue } from '../common/json.js';

/** Where a parameter stands in a request. */
export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

/** One parameter of an operation. */
export interface OperationParameter {
  /** The argument of the tool that it is filled from. */
  readonly argument: string;
  readonly name: string;
  readonly in: ParameterPlace;
  readonly style: string;
  readonly explode: boolean;
  /** The value is JSON text. */
  readonly isJson: boolean;
}

/** How the body of a request is written. */
export interface OperationBody {
  readonly argument: string;
  /** Without parameters: `application/json`. */
  readonly mediaType: string;
  /** Members of a form that hold bytes, as base64. */
  readonly binaryMembers: readonly string[];
}

/** One operation of an API, ready to be called. */
export interface Operation {
  readonly method: string;
  /** Template: `/pets/{petId}`. */
  readonly path: string;
  readonly parameters: readonly OperationParameter[];
  readonly body: OperationBody | null;
}

/** An operation as a tool. */
export interface OperationTool {
  readonly operation: Operation;
  readonly definition: {
    readonly name: string;
    readonly description: string;
    readonly inputSchema: JsonObject;
    readonly outputSchema?: JsonObject;
    readonly annotations: JsonObject;
  };
}

/** What a document offers. */
export interface ImportedApi {
  readonly tools: readonly OperationTool[];
  /** What was left out or simplified, for the admin. */
  readonly warnings: readonly string[];
  /** `servers[0].url`, its variables filled with their defaults; null: not written. */
  readonly serverUrl: string | null;
}

/** A schema, or what stands for one. */
export type Schema = JsonValue;
