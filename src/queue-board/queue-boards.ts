import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import { PublicUrl } from '../auth/public-url.js';

/** Where the board is, below the base of the gateway. */
export const BOARD_PATH = '/admin/queues';

/** Bull Board over every queue of the gateway, one that changes nothing and one that does. */
@Injectable()
export class QueueBoards {
  private readonly boards = new Map<boolean, RequestHandler>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** @param readOnly jobs can be looked at and nothing else */
  board(readOnly: boolean): RequestHandler {
    let board = this.boards.get(readOnly);
    if (board === undefined) {
      // Made when it is first asked for: the system may have picked the port of the base URL.
      board = this.make(readOnly);
      this.boards.set(readOnly, board);
    }
    return board;
  }

  private make(readOnlyMode: boolean): RequestHandler {
    const base = new URL(this.publicUrl.base).pathname.replace(/\/$/, '');
    const serverAdapter = new ExpressAdapter().setBasePath(`${base}${BOARD_PATH}`);
    const queues = this.queues().map((queue) => new BullMQAdapter(queue, { readOnlyMode }));
    createBullBoard({ queues, serverAdapter, options: { uiConfig: { boardTitle: 'Gatehouse jobs' } } });
    return serverAdapter.getRouter() as RequestHandler;
  }

  private queues(): Queue[] {
    const instances = this.discovery.getProviders().map(({ instance }: { instance: unknown }) => instance);
    return instances.filter((instance) => instance instanceof Queue);
  }
}
