import type { Secret } from '../common/secret.js';

/** One entry of `model_list` in gateway.yaml: a model of a provider that speaks the API of OpenAI. */
export interface ModelEndpoint {
  /** The name that callers use; unique in the file. */
  readonly name: string;
  /** The name that the provider knows. */
  readonly model: string;
  /** Base of the provider's API without a trailing slash, for example `https://api.openai.com/v1`. */
  readonly apiBase: string;
  /** null: requests carry no credential. */
  readonly apiKey: Secret | null;
}

/** `litellm_settings.mcp_semantic_tool_filter` of gateway.yaml. */
export interface SemanticFilterSettings {
  readonly enabled: boolean;
  /** A name of `model_list`; null: tools are ranked by their words. */
  readonly embeddingModel: ModelEndpoint | null;
  /** Most tools that are kept. */
  readonly topK: number;
  /** 0 to 1; a tool below it does not match. */
  readonly similarityThreshold: number;
}
