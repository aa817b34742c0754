import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { WriteAuthor } from '../write-log/write-author.js';
import { WriteLog } from '../write-log/write-log.js';

const LONGEST = 512;

/** Records what an admin does to jobs. */
@Injectable()
export class QueueChanges {
  constructor(
    private readonly database: DataSource,
    private readonly log: WriteLog,
  ) {}

  /**
   * To be called before it is done, since the queue is no part of the database. Rejects when it cannot be recorded.
   * @param path below the board
   */
  async record(author: WriteAuthor, method: string, path: string): Promise<void> {
    const queue = /^\/api\/queues\/([^/?]+)/.exec(path)?.[1] ?? 'all';
    const after = { method, path: path.slice(0, LONGEST) };
    const written = { type: 'job_queue', id: queue, verb: 'change', name: queue, before: null, after };
    await this.log.record(this.database.manager, author, [written]);
  }
}
