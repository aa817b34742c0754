import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { messageOf } from '../common/gatehouse-error.js';
import { UpstreamCredentials } from '../credentials/upstream-credentials.js';
import { backendKindOf, type BackendKind, type McpServer } from '../mcp-servers/mcp-server.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { CredentialedBackend } from './credentialed-backend.js';
import { HttpBackend } from './http/http-backend.js';
import { OpenApiBackend } from './openapi/openapi-backend.js';
import { SseBackend } from './sse/sse-backend.js';
import { StdioBackend } from './stdio/stdio-backend.js';
import type { ToolBackend } from './tool-backend.js';

/** The one table from the kind of a server to its backend. Only `tool-calls` dispatches with it. */
@Injectable()
export class ToolBackends implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ToolBackends.name);
  private readonly backends: Readonly<Record<BackendKind, CredentialedBackend>>;

  constructor(
    private readonly registry: ServerRegistry,
    http: HttpBackend,
    sse: SseBackend,
    stdio: StdioBackend,
    openapi: OpenApiBackend,
    @Inject(UpstreamCredentials) credentials: Pick<UpstreamCredentials, 'of'>,
  ) {
    const presenting = (backend: ToolBackend): CredentialedBackend => new CredentialedBackend(backend, credentials);
    this.backends = {
      http: presenting(http),
      sse: presenting(sse),
      stdio: presenting(stdio),
      openapi: presenting(openapi),
    };
  }

  onModuleInit(): void {
    this.registry.onChange((ids) => {
      for (const id of ids) this.release(id);
    });
  }

  for(server: Pick<McpServer, 'specPath' | 'transport'>): CredentialedBackend {
    return this.backends[backendKindOf(server)];
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.all().map((backend) => backend.close()));
  }

  /** Every backend, since the change may be one of transport. */
  private release(serverId: string): void {
    for (const backend of this.all()) {
      backend.release(serverId).catch((error: unknown) => {
        this.logger.warn(`Server ${serverId} was not released: ${messageOf(error)}`);
      });
    }
  }

  private all(): CredentialedBackend[] {
    return Object.values(this.backends);
  }
}
