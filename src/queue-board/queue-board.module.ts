import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { WriteLogModule } from '../write-log/write-log.module.js';
import { QueueBoardController } from './queue-board.controller.js';
import { QueueBoards } from './queue-boards.js';
import { QueueChanges } from './queue-changes.js';

/** Bull Board at `/admin/queues`. */
@Module({
  imports: [AuthModule, DiscoveryModule, WriteLogModule],
  controllers: [QueueBoardController],
  providers: [QueueBoards, QueueChanges],
})
export class QueueBoardModule {}
