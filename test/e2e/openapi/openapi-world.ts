import { RecordingApi } from '../../fixtures/openapi/recording-api.js';
import { availableBackends } from '../support/backends.js';
import { http, type HttpAnswer } from '../support/http.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/test-gateway.js';

/** A gateway and an API. */
export class OpenApiWorld {
  private constructor(
    readonly gateway: TestGateway,
    readonly api: RecordingApi,
  ) {}

  static async start(options: TestGatewayOptions = {}): Promise<OpenApiWorld> {
    const [backend] = availableBackends();
    if (backend === undefined) throw new Error('there is no backend');
    return new OpenApiWorld(await startTestGateway(backend, options), await RecordingApi.start());
  }

  /** Calls a tool at the REST door, with the master key unless another one is given. */
  call(
    server: string,
    name: string,
    args: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    return http(`${this.gateway.url}/mcp-rest/tools/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.gateway.masterKey}`, ...headers },
      body: { server_id: server, name, arguments: args },
    });
  }

  /** Tries settings out. */
  preview(settings: Record<string, unknown>): Promise<HttpAnswer> {
    return this.gateway.admin('POST', '/mcp-rest/test/tools/list', settings);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.api.close();
  }
}

/** What the tools of an answer are called. */
export function namesIn({ json }: HttpAnswer): string[] {
  return (json as { tools: { name: string }[] }).tools.map(({ name }) => name);
}
