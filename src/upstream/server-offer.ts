import type { JsonObject } from '../common/json.js';

/** A prompt as an upstream lists it. Members that the gateway does not know stay in the object. */
export interface PromptDefinition extends JsonObject {
  name: string;
}

/** A resource as an upstream lists it. */
export interface ResourceDefinition extends JsonObject {
  uri: string;
}

/** A resource template as an upstream lists it. */
export interface ResourceTemplateDefinition extends JsonObject {
  /** RFC 6570 */
  uriTemplate: string;
}

/** What a server offers besides tools. */
export interface ServerOffer {
  /** The server serves prompts, though perhaps there are none at the moment; likewise the others. */
  readonly servesPrompts: boolean;
  readonly servesResources: boolean;
  readonly servesCompletions: boolean;
  /** Resources can be watched. */
  readonly servesSubscriptions: boolean;
  readonly prompts: readonly PromptDefinition[];
  readonly resources: readonly ResourceDefinition[];
  readonly templates: readonly ResourceTemplateDefinition[];
}
