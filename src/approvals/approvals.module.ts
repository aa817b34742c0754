import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { ApprovalGate } from './approval-gate.js';
import { ApprovalPayloads } from './approval-payloads.js';
import { ApprovalStore } from './approval-store.js';
import { ApprovalEntity } from './approval.entity.js';
import { ApprovalsController } from './approvals.controller.js';
import { ApprovalsService } from './approvals.service.js';
import { RevokedKeys } from './revoked-keys.js';

/** Calls that a person has to decide on. */
@Module({
  imports: [AuthModule, TypeOrmModule.forFeature([ApprovalEntity])],
  controllers: [ApprovalsController],
  providers: [ApprovalGate, ApprovalPayloads, ApprovalStore, ApprovalsService, RevokedKeys],
  exports: [ApprovalGate],
})
export class ApprovalsModule {}
