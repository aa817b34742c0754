import { GatehouseError } from '../../common/gatehouse-error.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../common/json.js';
import type { CallParams } from '../call-params.js';
import { DEFAULT_FOUND, MAX_FOUND } from './meta-tools.js';

const LONGEST_QUERY = 2_000;

/** Arguments of `search_tools`. @throws GatehouseError that names what is wrong */
export function readSearch({ query, limit }: JsonObject): { query: string; limit: number } {
  if (typeof query !== 'string' || query.trim() === '' || query.length > LONGEST_QUERY) {
    throw misfit(`query must be a text of 1 to ${LONGEST_QUERY} characters`);
  }
  const asked: JsonValue = limit ?? DEFAULT_FOUND;
  if (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 1 || asked > MAX_FOUND) {
    throw misfit(`limit must be a whole number from 1 to ${MAX_FOUND}`);
  }
  return { query, limit: asked };
}

/** The tool that the arguments name. @throws GatehouseError */
export function readName({ name }: JsonObject): string {
  if (typeof name === 'string' && name !== '') return name;
  throw misfit(`name must be the name of a tool`);
}

/** The call that the arguments of `call_tool` mean; null: they mean none. */
export function readFoundCall({ name, arguments: args }: JsonObject): CallParams | null {
  if (typeof name !== 'string' || name === '') return null;
  if (args === undefined || args === null) return { name, args: {} };
  return isJsonObject(args) ? { name, args } : null;
}

/** The message is for a model, which sees nothing else of it. */
export function misfit(message: string): GatehouseError {
  return new GatehouseError('invalid_arguments', message, { sent: 'no' });
}
