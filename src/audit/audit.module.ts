import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WriteLogModule } from '../write-log/write-log.module.js';
import { AuditBuffer } from './audit-buffer.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import { AuditReader } from './audit-reader.js';
import { AuditStore } from './audit-store.js';
import { AuditSearch } from './audit-search.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { AuditIntentEntity } from './strict/audit-intent.entity.js';
import { AuditIntents } from './strict/audit-intents.js';

/** Records of calls and refusals, and the search in them and in those of writes. */
@Module({
  imports: [WriteLogModule, TypeOrmModule.forFeature([AuditRecordEntity, AuditIntentEntity])],
  controllers: [AuditController],
  providers: [AuditStore, AuditBuffer, AuditService, AuditReader, AuditSearch, AuditIntents],
  exports: [AuditService, AuditReader, AuditIntents],
})
export class AuditModule {}
