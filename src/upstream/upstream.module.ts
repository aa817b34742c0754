import { Module } from '@nestjs/common';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { HttpBackend } from './http/http-backend.js';
import { StdioBackend } from './stdio/stdio-backend.js';
import { ToolBackends } from './tool-backends.js';
import { ToolChanges } from './tool-changes.js';
import { ToolLister } from './tool-lister.js';
import { DEFAULT_UPSTREAM_LIMITS, UPSTREAM_LIMITS } from './upstream-limits.js';

/** The way to the upstreams: one backend per transport. */
@Module({
  imports: [McpServersModule],
  providers: [
    { provide: UPSTREAM_LIMITS, useValue: DEFAULT_UPSTREAM_LIMITS },
    ToolChanges,
    HttpBackend,
    StdioBackend,
    ToolBackends,
    ToolLister,
  ],
  exports: [ToolBackends, ToolLister],
})
export class UpstreamModule {}
