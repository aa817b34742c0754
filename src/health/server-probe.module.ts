import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CatalogModule } from '../catalog/catalog.module.js';
import { McpServersModule } from '../mcp-servers/mcp-servers.module.js';
import { ServerProbe } from '../mcp-servers/server-probe.js';
import { CatalogServerProbe } from './catalog-server-probe.js';
import { CheckLedger } from './checks/check-ledger.js';
import { HealthChanges } from './checks/health-changes.js';
import { HealthHistory } from './checks/health-history.js';
import { HealthPeriodEntity } from './checks/health-period.entity.js';
import { ServerCheckEntity } from './checks/server-check.entity.js';

/** Global, because the room of the servers, which is below, asks for it by the class that it defines itself. */
@Global()
@Module({
  imports: [CatalogModule, McpServersModule, TypeOrmModule.forFeature([HealthPeriodEntity, ServerCheckEntity])],
  providers: [
    CatalogServerProbe,
    CheckLedger,
    HealthHistory,
    HealthChanges,
    { provide: ServerProbe, useExisting: CatalogServerProbe },
  ],
  exports: [CatalogServerProbe, ServerProbe, CheckLedger, HealthHistory],
})
export class ServerProbeModule {}
