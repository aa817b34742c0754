import OpenAI from 'openai';
import { Secret } from '../../../src/common/secret.js';
import { GuardrailViolation, McpHook, type ToolCallView } from '../../../src/index.js';
import type { SemanticFilterSettings } from '../../../src/config/model-endpoint.js';
import { NO_SEMANTIC_FILTER } from '../../../src/config/parse-semantic-filter.js';
import { ScriptedProvider } from '../../fixtures/llm/scripted-provider.js';
import { RecordingHttpUpstream } from '../../fixtures/upstreams/recording-http-upstream.js';
import { availableBackends } from '../support/backends.js';
import { makeKey, registerServer } from '../support/management.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** The key of the gateway at the provider. */
export const PROVIDER_KEY = 'sk-of-the-provider';

/** Refuses what says `forbidden`, and changes what says `change me`. */
class Censor {
  preMcpCall({ arguments: { text } }: ToolCallView): { arguments: { text: string } } | undefined {
    if (text === 'forbidden') throw new GuardrailViolation('that word is forbidden');
    return text === 'change me' ? { arguments: { text: 'changed' } } : undefined;
  }
}

/** A gateway with a model, two servers that the key may use, and one that it may not. */
export interface LlmWorld {
  readonly gateway: TestGateway;
  readonly provider: ScriptedProvider;
  readonly office: RecordingHttpUpstream;
  readonly secret: RecordingHttpUpstream;
  readonly key: string;
  readonly client: OpenAI;
  clientOf(key: string): OpenAI;
  close(): Promise<void>;
}

export async function startLlmWorld(filter: Partial<SemanticFilterSettings> = {}): Promise<LlmWorld> {
  const [backend] = availableBackends();
  if (backend === undefined) throw new Error('no PostgreSQL for the tests');
  const [provider, office, other, secret] = await Promise.all([
    ScriptedProvider.start(),
    RecordingHttpUpstream.start({ era: '2026' }),
    RecordingHttpUpstream.start({ era: '2025' }),
    RecordingHttpUpstream.start({ era: '2026' }),
  ]);
  const model = { name: 'small', model: 'tiny', apiBase: provider.url, apiKey: new Secret(PROVIDER_KEY) };
  const gateway = await startTestGateway(backend, {
    hooks: [McpHook({ name: 'censor' })(Censor)],
    config: { models: [model], semanticFilter: { ...NO_SEMANTIC_FILTER, ...filter } },
  });
  await registerServer(gateway, { alias: 'office', url: office.url });
  await registerServer(gateway, { alias: 'other', url: other.url });
  await registerServer(gateway, { alias: 'secret', url: secret.url });
  const key = await makeKey(gateway, {
    mcp_tool_permissions: { office: ['echo', 'add', 'fail', 'slow'], other: ['echo', 'add'] },
  });
  const clientOf = (apiKey: string): OpenAI => new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  return {
    ...{ gateway, provider, office, secret, key, clientOf },
    client: clientOf(key),
    async close() {
      await gateway.close();
      await Promise.all([provider.close(), office.close(), other.close(), secret.close()]);
    },
  };
}

/** An entry that the gateway runs itself. */
export const RUN = { type: 'mcp', server_label: 'tools', server_url: 'gatehouse', require_approval: 'never' } as const;

/** A tool of the client. */
export const NATIVE = {
  type: 'function',
  function: { name: 'text-to-speech', description: 'Says it', parameters: { type: 'object', properties: {} } },
} as const;
