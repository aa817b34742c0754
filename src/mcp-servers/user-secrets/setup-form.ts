import { urlencoded, type Request, type Response } from 'express';
import { GatehouseError } from '../../common/gatehouse-error.js';

const MAX_BYTES = '128kb';
const MAX_FIELDS = 200;
const read = urlencoded({ extended: false, limit: MAX_BYTES, parameterLimit: MAX_FIELDS });

/**
 * The texts of a posted form, by name.
 * @throws GatehouseError `invalid_request` for any other body, and for a form of another site
 */
export async function readForm(request: Request, response: Response): Promise<ReadonlyMap<string, string>> {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new GatehouseError('invalid_request', 'This form was sent from another site; open the page itself.');
  }
  await new Promise<void>((resolve, reject) => {
    read(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else
        reject(new GatehouseError('invalid_request', 'The form cannot be read; open the page anew.', { cause: error }));
    });
  });
  const body: unknown = request.body;
  const entries = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  return new Map(
    entries.flatMap(([name, value]): [string, string][] => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
