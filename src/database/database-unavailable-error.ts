import { GatehouseError } from '../common/gatehouse-error.js';

/** The database cannot be used. The message is one line for the operator and says what to do; it holds no URL and no secret. */
export class DatabaseUnavailableError extends GatehouseError {
  constructor(message: string, options: { cause?: unknown; detail?: string } = {}) {
    super('dependency_unavailable', message, options);
    this.name = 'DatabaseUnavailableError';
  }
}
