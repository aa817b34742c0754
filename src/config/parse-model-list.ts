import { Secret } from '../common/secret.js';
import { InvalidValue } from './configuration-error.js';
import type { ModelEndpoint } from './model-endpoint.js';
import type { YamlSetting } from './yaml-setting.js';

const DEFAULT_API_BASE = 'https://api.openai.com/v1';
/** Prefixes of LiteLLM for providers that speak the API of OpenAI. The provider does not know them. */
const PROVIDER_PREFIX = /^(openai|hosted_vllm|litellm_proxy|text-completion-openai)\//;

/**
 * Reads `model_list`: entries with `model_name` and `litellm_params` (`model`, `api_base`, `api_key`). An entry at fault
 * is left out, and the start is refused.
 */
export function parseModelList(setting: YamlSetting): ModelEndpoint[] {
  const names = new Set<string>();
  return setting.items().flatMap((item) => {
    const endpoint = parseEndpoint(item);
    if (endpoint === null) return [];
    if (names.has(endpoint.name)) item.fault(`has the model_name of another entry: ${endpoint.name}`);
    names.add(endpoint.name);
    return [endpoint];
  });
}

function parseEndpoint(item: YamlSetting): ModelEndpoint | null {
  const { model_name, litellm_params } = item.members(['model_name', 'litellm_params']);
  const name = model_name.requiredText();
  if (litellm_params.isMissing) return litellm_params.fault('is missing');
  const { model, api_base, api_key } = litellm_params.members(['model', 'api_base', 'api_key']);
  const known = model.requiredText();
  const apiBase = api_base.isMissing ? DEFAULT_API_BASE : api_base.parsed(parseApiBase);
  const apiKey = api_key.text();
  if (name === null || known === null || apiBase === null) return null;
  return Object.freeze({
    name,
    model: known.replace(PROVIDER_PREFIX, ''),
    apiBase,
    apiKey: apiKey === null ? null : new Secret(apiKey),
  });
}

function parseApiBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidValue('must be an http or https URL');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new InvalidValue('must have no user name, password, query or fragment; use api_key for the credential');
  }
  return url.href.replace(/\/+$/, '');
}
