import { urlencoded, type Request, type Response } from 'express';
import { GatehouseError } from '../common/gatehouse-error.js';

const parse = urlencoded({ extended: false, limit: 64 * 1024, parameterLimit: 50 });

/**
 * Reads a form. Each parameter that comes once, as text; of those that come twice nothing is taken.
 * @throws GatehouseError `unsupported_media_type` for anything else
 */
export async function readForm(request: Request, response: Response): Promise<ReadonlyMap<string, string>> {
  if (request.is('application/x-www-form-urlencoded') === false) {
    throw new GatehouseError('unsupported_media_type', 'Send a form: application/x-www-form-urlencoded.');
  }
  await new Promise<void>((resolve, reject) => {
    parse(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error)));
  });
  const body: unknown = request.body;
  const entries = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
