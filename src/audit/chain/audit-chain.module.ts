import { BullModule } from '@nestjs/bullmq';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Config } from '../../config/config.js';
import { StatementKeysModule } from '../../signing/statement-keys.module.js';
import { WriteLogModule } from '../../write-log/write-log.module.js';
import { AuditRecordEntity } from '../audit-record.entity.js';
import { AuditHeadEntity } from './audit-head.entity.js';
import { AuditHeads } from './audit-heads.js';
import { AuditLinkEntity } from './audit-link.entity.js';
import { AUDIT_QUEUE } from './audit-queue.js';
import { AuditRetention } from './audit-retention.js';
import { AuditSealer } from './audit-sealer.js';
import { AuditVerifier } from './audit-verifier.js';
import { OrphanedIntents } from '../strict/orphaned-intents.js';
import { AuditProcessor } from './audit.processor.js';

const ENTITIES = [AuditRecordEntity, AuditLinkEntity, AuditHeadEntity];

/** The chains over audit records: linking, signing, retention, verification. */
@Module({})
export class AuditChainModule {
  static forRoot({ role }: Pick<Config, 'role'>): DynamicModule {
    return {
      module: AuditChainModule,
      imports: [
        ...[WriteLogModule, StatementKeysModule, BullModule.registerQueue({ name: AUDIT_QUEUE })],
        TypeOrmModule.forFeature(ENTITIES),
      ],
      providers: [
        AuditHeads,
        AuditSealer,
        AuditRetention,
        OrphanedIntents,
        ...(role === 'gateway' ? [] : [AuditProcessor]),
      ],
    };
  }
}

/** What `npm run audit:verify` is made of: it needs no queue. */
@Module({
  imports: [WriteLogModule, StatementKeysModule, TypeOrmModule.forFeature(ENTITIES)],
  providers: [AuditVerifier],
})
export class AuditVerifyModule {}
