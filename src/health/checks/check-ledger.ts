import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Longer than any check: a list is given five seconds. */
const LEASE_SECONDS = 30;
/** So many failures in a row, and a server is checked every second interval only. */
const BACK_OFF_FROM = 3;

/** A check that this process holds. */
export interface CheckClaim {
  /** Checks in a row that failed before this one. */
  readonly failures: number;
}

/** How a check ended. */
export interface CheckEnd {
  readonly failed: boolean;
  readonly failures: number;
  readonly intervalMs: number;
  /** SHA-256 in hex of the tools that were listed; null: none were. */
  readonly toolsHash: string | null;
}

/**
 * Lets one process at a time check a server, once per interval, whatever the queue delivers how often: a job that is
 * delivered twice finds that its check is not due.
 */
@Injectable()
export class CheckLedger {
  constructor(private readonly database: DataSource) {}

  /**
   * Takes the check of a server.
   * @param atOnce also when it is not due yet
   * @returns null when another process checks it now, or it is not due
   */
  async claim(serverId: string, atOnce: boolean): Promise<CheckClaim | null> {
    const [row] = await this.database.query<CheckClaim[]>(
      `INSERT INTO server_checks AS c (server_id, leased_until, due_at)
       VALUES ($1, now() + make_interval(secs => ${LEASE_SECONDS}), now())
       ON CONFLICT (server_id) DO UPDATE SET leased_until = excluded.leased_until
       WHERE c.leased_until <= now() AND (c.due_at <= now() OR $2)
       RETURNING failures`,
      [serverId, atOnce],
    );
    return row ?? null;
  }

  /**
   * Gives the check back. It is due again half an interval before its next turn, so that a turn that comes a little
   * early counts; after some failures the next turn is left out. Never more than one: a recovery has to be seen within
   * two intervals.
   * @returns whether the tools are others than at the last check, of whichever process
   */
  async finish(serverId: string, { failed, failures, intervalMs, toolsHash }: CheckEnd): Promise<boolean> {
    const inARow = failed ? failures + 1 : 0;
    const turns = inARow >= BACK_OFF_FROM ? 1.5 : 0.5;
    const [[row]] = await this.database.query<[[{ changed: boolean }?], number]>(
      `UPDATE server_checks AS c
       SET leased_until = now(), due_at = now() + make_interval(secs => $2), failures = $3,
           tools_hash = coalesce($4::text, c.tools_hash)
       FROM (SELECT server_id, tools_hash FROM server_checks WHERE server_id = $1 FOR UPDATE) AS before
       WHERE c.server_id = before.server_id
       RETURNING $4::text IS NOT NULL AND before.tools_hash IS DISTINCT FROM $4::text AS changed`,
      [serverId, (intervalMs * turns) / 1000, inARow, toolsHash],
    );
    return row?.changed ?? false;
  }

  /** Forgets servers that are gone. */
  async keepOnly(serverIds: readonly string[]): Promise<void> {
    await this.database.query(
      'DELETE FROM server_checks WHERE server_id <> ALL($1) AND due_at < now() - $2::interval',
      [serverIds, '1 day'],
    );
  }
}
