import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { HostCheck } from '../auth/host-check.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import { CONFIG, type Config } from '../config/config.js';

/** The same hosts as at the MCP doors: other names of this machine lead nobody to a login. */
@Injectable()
export class GatewayHostGuard implements CanActivate {
  private readonly hosts: HostCheck;

  constructor(@Inject(CONFIG) config: Config) {
    this.hosts = new HostCheck(config);
  }

  canActivate(context: ExecutionContext): boolean {
    if (this.hosts.allowsHost(context.switchToHttp().getRequest<Request>())) return true;
    throw new GatehouseError('misdirected_host', 'The gateway does not go by this host name; see ALLOWED_HOSTS.');
  }
}
