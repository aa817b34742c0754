import type { ModelEndpoint, SemanticFilterSettings } from './model-endpoint.js';
import type { YamlSetting } from './yaml-setting.js';

const DEFAULT_TOP_K = 10;
const DEFAULT_THRESHOLD = 0.3;

/** What holds without the setting. */
export const NO_SEMANTIC_FILTER: SemanticFilterSettings = Object.freeze({
  enabled: false,
  embeddingModel: null,
  topK: DEFAULT_TOP_K,
  similarityThreshold: DEFAULT_THRESHOLD,
});

/** Reads `litellm_settings.mcp_semantic_tool_filter`. @param models `model_list` of the same file */
export function parseSemanticFilter(setting: YamlSetting, models: readonly ModelEndpoint[]): SemanticFilterSettings {
  const keys = ['enabled', 'embedding_model', 'top_k', 'similarity_threshold'] as const;
  const { enabled, embedding_model, top_k, similarity_threshold } = setting.members(keys);
  return Object.freeze({
    enabled: enabled.flag() ?? false,
    embeddingModel: parseEmbeddingModel(embedding_model, models),
    topK: top_k.wholeNumber(1, 500) ?? DEFAULT_TOP_K,
    similarityThreshold: similarity_threshold.number(0, 1) ?? DEFAULT_THRESHOLD,
  });
}

/** A model that is misspelt must not become the lexical ranker without a word. */
function parseEmbeddingModel(setting: YamlSetting, models: readonly ModelEndpoint[]): ModelEndpoint | null {
  const name = setting.text();
  if (name === null) return null;
  return models.find((model) => model.name === name) ?? setting.fault('is not a model_name of model_list');
}
