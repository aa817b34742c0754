import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { KeyDirectory } from '../auth/key-directory.js';
import { LevelDirectory } from '../auth/levels/level-directory.js';
import { HookRegistry } from '../hooks/hook-registry.js';
import { ServerRegistry } from '../mcp-servers/server-registry.js';
import { ToolsetDirectory } from '../toolsets/toolset-directory.js';

/** Are keys, grants and servers in memory younger than the limit, and which hooks are lenient? */
@Injectable()
export class PolicyFreshness {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly keys: KeyDirectory,
    private readonly levels: LevelDirectory,
    private readonly servers: ServerRegistry,
    private readonly toolsets: ToolsetDirectory,
    private readonly hooks: HookRegistry,
  ) {}

  check(): HealthIndicatorResult {
    const session = this.indicators.check('policy');
    const failOpenHooks = this.hooks.all().filter((hook) => hook.failOpen).length;
    if (!this.keys.isFresh()) return session.down({ message: 'keys are not current', failOpenHooks });
    if (!this.levels.isFresh()) return session.down({ message: 'teams and users are not current', failOpenHooks });
    if (!this.servers.isFresh()) return session.down({ message: 'servers are not current', failOpenHooks });
    if (!this.toolsets.isFresh()) return session.down({ message: 'toolsets are not current', failOpenHooks });
    return session.up({ failOpenHooks });
  }
}
