import { Module } from '@nestjs/common';
import { CredentialsModule } from '../credentials/credentials.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { HttpBackend } from './http/http-backend.js';
import { OpenApiBackend } from './openapi/openapi-backend.js';
import { SseBackend } from './sse/sse-backend.js';
import { StdioBackend } from './stdio/stdio-backend.js';
import { UpstreamListeners } from './listening/upstream-listeners.js';
import { OfferReader } from './offer-reader.js';
import { RequestSender } from './request-sender.js';
import { ToolBackends } from './tool-backends.js';
import { ListChanges } from './list-changes.js';
import { ToolLister } from './tool-lister.js';
import { DEFAULT_UPSTREAM_LIMITS, UPSTREAM_LIMITS } from './upstream-limits.js';

/** The way to the upstreams: one backend per kind of server. */
@Module({
  imports: [CredentialsModule, McpServersModule],
  providers: [
    { provide: UPSTREAM_LIMITS, useValue: DEFAULT_UPSTREAM_LIMITS },
    ListChanges,
    HttpBackend,
    SseBackend,
    StdioBackend,
    OpenApiBackend,
    ToolBackends,
    ToolLister,
    OfferReader,
    RequestSender,
    UpstreamListeners,
  ],
  exports: [ToolBackends, ToolLister, OfferReader, RequestSender, UpstreamListeners],
})
export class UpstreamModule {}
