import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditBuffer } from './audit-buffer.js';
import { AuditRecordEntity } from './audit-record.entity.js';
import { AuditReader } from './audit-reader.js';
import { AuditStore } from './audit-store.js';
import { AuditService } from './audit.service.js';

/** Records of calls and refusals. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditRecordEntity])],
  providers: [AuditStore, AuditBuffer, AuditService, AuditReader],
  exports: [AuditService, AuditReader],
})
export class AuditModule {}
