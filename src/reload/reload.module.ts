import { Module } from '@nestjs/common';
import { HooksModule } from '../hooks/hooks.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ConfigReload } from './config-reload.js';

/** Takes over changes of gateway.yaml while the gateway runs. */
@Module({
  imports: [HooksModule, McpServersModule],
  providers: [ConfigReload],
  exports: [ConfigReload],
})
export class ReloadModule {}
