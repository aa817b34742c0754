import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { McpServerEntity, type HealthStatus } from './mcp-server.entity.js';

/** Why a check failed: a code of a closed set, since upstream text can hold secrets. */
export type HealthError = 'timeout' | 'connection_refused' | 'tls' | 'unauthorized' | 'protocol' | 'unknown';

/** What a check found. */
export interface HealthResult {
  readonly status: HealthStatus;
  readonly error: HealthError | null;
}

/** Keeps the last result of the checks of each server. */
@Injectable()
export class ServerHealthStore {
  constructor(private readonly database: DataSource) {}

  /** Does nothing when the server is gone. Not a write to the server: its revision stays. */
  async save(serverId: string, result: HealthResult): Promise<void> {
    await this.database
      .getRepository(McpServerEntity)
      .update(
        { server_id: serverId },
        { health_status: result.status, last_health_check: new Date(), health_check_error: result.error },
      );
  }
}
